import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import golden from "../golden/tensorboard-events.json" with { type: "json" };
import {
  createReport,
  type LoggedEvent,
  type MetricsTable,
  metricsTableText,
  type Report,
  StorageError,
  sha256,
} from "../index.ts";
import { formatNumber } from "./number-format.ts";

const root = temporaryDirectory();
const png = new Uint8Array(Buffer.from(golden.png, "base64"));
const now = () => new Date("2026-01-02T03:04:05Z");

const table: MetricsTable = {
  caption: "Diversity of 1,000 images.",
  columns: [
    { key: "ndb", title: "NDB", higherIsBetter: false },
    { key: "distance", title: "Distance", unit: "nats", higherIsBetter: true },
    { key: "size", title: "Size", decimals: 0 },
  ],
  rows: [
    {
      name: "`plain`",
      values: { ndb: { value: 14.31, standardDeviation: 1.25, paper: 12.5, runs: 3 }, distance: { value: 0.0213 } },
    },
    {
      name: "cluster",
      note: "from epoch 10",
      values: {
        ndb: { value: 6.7, paper: 9.1 },
        distance: { value: 0.1421, note: "not LPIPS" },
        size: { value: 12345.6 },
      },
    },
    { name: "broken", values: { ndb: { value: null }, distance: { value: Number.NaN, note: "not LPIPS" } } },
  ],
  notes: ["Deviation: 64 x 64"],
};

function events(steps: number): LoggedEvent[] {
  return Array.from({ length: steps }, (_, index) => ({
    schema: 1,
    time: "",
    kind: "progress",
    step: index + 1,
    steps,
    epoch: 0,
    losses: { "generator/l1": 1 / (index + 1), "generator/adversarial": 0.7, "discriminator/real": 0.5, total: 2 },
    secondsPerStep: 1,
    secondsLeft: 1,
    tensorCount: 1,
  }));
}

function fullReport(): Report {
  return createReport({ title: "A <b>title</b>", subtitle: 'With `code` & "quotes"', now })
    .heading("One")
    .paragraph("See [the paper](https://example.org/a?b=1&c=2) and <script>alert(1)</script>.")
    .metricsTable(table)
    .heading("Two")
    .imageGrid({ caption: "Pictures", images: [{ png, label: "red, blue", file: "samples/a.png" }, { png }] })
    .heading("Three", 3)
    .imageGrid({
      caption: "Titled",
      images: [{ png }, { png }],
      columns: 1,
      columnTitles: ["c1"],
      rowTitles: ["r1", "r2"],
    })
    .heading("Four")
    .losses(events(1000))
    .barPlot({
      caption: "Bars",
      xTitle: "cluster",
      yTitle: "share",
      bars: [
        { label: "a", value: 0.2, group: "asked" },
        { label: "a", value: 0.3, group: "got" },
      ],
    })
    .keyValues({
      entries: { engine: "native", cores: 2, nothing: null, config: { a: [1] }, on: true, left: undefined },
    });
}

describe("report.html", () => {
  it("is one page that asks the network for nothing and runs no script", async () => {
    const html = await fullReport().html();
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
    expect(html).not.toMatch(/<script|<iframe|<object|<embed|@import|\son\w+=/i);
    expect(html).not.toMatch(/url\((?!#)/);
    const addresses = [...html.matchAll(/(src|href)="([^"]*)"/g)].filter(
      ([, , address]) => !/^(#|data:)/.test(address!),
    );
    expect(addresses.map(([text]) => text)).toEqual(['href="https://example.org/a?b=1&amp;c=2"']);
  });

  it("shows texts as texts", async () => {
    const html = await fullReport().html();
    expect(html).toContain("<h1>A &lt;b&gt;title&lt;/b&gt;</h1>");
    expect(html).toContain("With <code>code</code> &amp; &quot;quotes&quot;");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).toContain("2026-01-02 03:04 UTC");
  });

  it("holds pictures as they are, with descriptions, and numbers figures and tables", async () => {
    const html = await fullReport().html();
    const data = [...html.matchAll(/<img [^>]*alt="([^"]*)" src="data:image\/png;base64,([^"]*)"/g)];
    expect(data.map(([, alt]) => alt)).toEqual([
      "Pictures, red, blue",
      "Pictures, picture 2",
      "Titled, picture 1",
      "Titled, picture 2",
    ]);
    expect(data.every(([, , base64]) => base64 === golden.png)).toBe(true);
    const numbers = [...html.matchAll(/<b>((?:Figure|Table) \d+)\.<\/b>/g)].map(([, number]) => number);
    expect(numbers).toEqual(["Table 1", "Figure 1", "Figure 2", "Figure 3", "Figure 4", "Figure 5", "Figure 6"]);
  });

  it("has contents that lead to its chapters, and no identifier twice", async () => {
    const html = await fullReport().html();
    const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets).toHaveLength(3);
    for (const target of targets) expect(ids).toContain(target);
    for (const [, id] of html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id);
  });

  it("lists texts as points, and shows other structures as JSON", async () => {
    const html = await createReport({ title: "t" })
      .keyValues({ entries: { warnings: ["too <few>", "too `old`"], sizes: [1], none: [] } })
      .html();
    expect(html).toContain("<dd><ul><li>too &lt;few&gt;</li><li>too <code>old</code></li></ul></dd>");
    expect(html.match(/<dd><pre>/g)).toHaveLength(2);
  });

  it("keeps columns of pictures and plots as wide as can be seen: narrow pages scroll", async () => {
    const html = await createReport({ title: "t" })
      .imageGrid({ caption: "c", images: Array.from({ length: 8 }, () => ({ png })), columns: 8 })
      .barPlot({ caption: "c", xTitle: "x", yTitle: "y", bars: [{ label: "a", value: 1 }] })
      .html();
    expect(html).toContain(
      '<div class="scroll"><div class="images" style="grid-template-columns:repeat(8,minmax(60px,64px))">',
    );
    expect(html).toContain('<div class="scroll plot"');
  });

  it("draws a plot for each group of losses, with every series and the page's own text colour", async () => {
    const html = await fullReport().html();
    const plots = [...html.matchAll(/<div class="scroll plot"[^>]*>(.*?)<\/div>/gs)].map(([, svg]) => svg!);
    expect(plots).toHaveLength(4);
    expect(plots[0]).toMatch(/>l1<.*>adversarial</s);
    expect(plots[0]).toContain("currentColor");
    expect(plots[0]).toMatch(/^<svg [^>]*viewBox=/);
    expect(plots[0]).not.toMatch(/^<svg [^>]*\swidth=/);
    expect(plots.join("")).not.toMatch(/NaN|Infinity/);
    expect(plots[0]!.length, "thinned").toBeLessThan(90_000);
  });

  it("leaves gaps where curves are not finite, also on a logarithmic axis", async () => {
    const html = await createReport({ title: "t" })
      .linePlot({
        caption: "c",
        xTitle: "x",
        yTitle: "y",
        logarithmic: true,
        series: [
          {
            name: "a",
            points: [
              [1, 1],
              [2, 10],
              [3, Number.NaN],
              [4, 0],
              [5, 100],
              [6, 10],
            ],
          },
        ],
      })
      .html();
    const path =
      /aria-roledescription="line mark"[^>]*d="([^"]*)"/.exec(html) ?? / d="(M[^"]*L[^"]*M[^"]*)"/.exec(html);
    expect(path?.[1]?.match(/M/g), "two pieces").toHaveLength(2);
    expect(html).not.toMatch(/NaN|Infinity/);
  });
});

describe("a metrics table", () => {
  it("has the paper's number under ours, marks the best, and numbers its notes", async () => {
    const html = await createReport({ title: "t" }).metricsTable(table).html();
    const cells = [...html.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell);
    expect(cells).toEqual([
      "",
      '14.3 ± 1.3<span class="paper">paper 12.5</span>',
      "0.021",
      "n/a",
      '<strong>6.7</strong><span class="paper">paper 9.1</span>',
      "<strong>0.142</strong><sup>2</sup>",
      "12,346",
      'n/a<span class="paper"></span>',
      "n/a<sup>2</sup>",
      "n/a",
    ]);
    expect(html).toContain('title="mean of 3 runs"');
    expect(html).toContain('<th scope="row">cluster<sup>1</sup></th>');
    expect(html).toContain('<ol class="notes"><li>from epoch 10</li><li>not LPIPS</li></ol>');
    expect(html).toContain("Distance (nats) ↑");
  });

  it("puts standard errors in place of deviations, and the paper's beside its numbers", async () => {
    const values = {
      ndb: { value: 14, standardDeviation: 6, standardError: 2, runs: 9, paper: 12.5, paperStandardError: 0.5 },
      // One run has no error; the paper's does not depend on it.
      distance: { value: 0.5, paper: 0.7, paperStandardError: 0.01 },
    };
    const rows = [{ name: "a", values }];
    const html = await createReport({ title: "t" })
      .metricsTable({ ...table, rows })
      .html();
    expect(html).toContain(
      '<td title="mean ± standard error of 9 runs">14.0 ± 2.0<span class="paper">paper 12.5 ± 0.5</span></td>',
    );
    expect(html).toContain('<td>0.500<span class="paper">paper 0.700 ± 0.010</span></td>');
    expect(metricsTableText({ ...table, rows }).split("\n")[3]).toMatch(
      /^a +14\.0 ± 2\.0 +12\.5 ± 0\.5 +0\.500 +0\.700 ± 0\.010 +n\/a$/,
    );
  });

  it("has a line a measure where it is tall", async () => {
    const html = await createReport({ title: "t" })
      .metricsTable({ ...table, tall: true })
      .html();
    const texts = (tag: string) =>
      [...html.matchAll(new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, "g"))].map(([, text]) => text!.replace(/<.*?>/g, ""));
    expect(texts("th")).toEqual(["plain", "cluster1", "broken", "NDB ↓", "Distance (nats) ↑", "Size"]);
    expect(texts("td").slice(1, 4)).toEqual(["14.3 ± 1.3paper 12.5", "6.7paper 9.1", "n/a"]);
    expect(html).toContain("<td><strong>0.142</strong><sup>2</sup></td>");
  });

  it("is aligned on a terminal", () => {
    expect(metricsTableText(table).split("\n")).toEqual([
      "Diversity of 1,000 images.",
      "                  NDB ↓  paper  Distance (nats) ↑    Size",
      "-".repeat(57),
      "plain        14.3 ± 1.3   12.5              0.021     n/a",
      "cluster [1]        6.7*    9.1         0.142* [2]  12,346",
      "broken              n/a                   n/a [2]     n/a",
      "Deviation: 64 x 64",
      "[1] from epoch 10",
      "[2] not LPIPS",
    ]);
  });

  it.each([
    [1, 0.995, "1.000", "0.995"],
    [10, 9.97, "10.00", "9.97"],
    [9.97, 0.5, "9.97", "0.50"],
    [25, 17.3, "25.0", "17.3"],
    [1000, 133.4, "1,000.0", "133.4"],
  ])("tells %f from the paper's %f", (value, paper, ours, theirs) => {
    const rows = [{ name: "a", values: { distance: { value, paper } } }];
    expect(
      metricsTableText({ ...table, rows })
        .split("\n")[3]!
        .split(/ +/)
        .slice(2, 4),
    ).toEqual([ours, theirs]);
  });

  it.each([
    [-0.001, 2, "0.00"],
    [1234.5, 1, "1,234.5"],
    [Number.POSITIVE_INFINITY, 1, "n/a"],
    [null, 0, "n/a"],
  ])("writes %s with %i digits as %s", (value, decimals, text) => expect(formatNumber(value, decimals)).toBe(text));
});

describe("report.json", () => {
  it("has the same sections; pictures by size, hash and file", () => {
    const json = JSON.parse(JSON.stringify(fullReport().json()));
    expect(json).toMatchObject({ formatVersion: 1, title: "A <b>title</b>", created: "2026-01-02T03:04:05.000Z" });
    expect(json.sections.map((section: { kind: string }) => section.kind)).toEqual(
      "heading paragraph metrics-table heading image-grid heading image-grid heading line-plot line-plot line-plot bar-plot key-values".split(
        " ",
      ),
    );
    expect(json.sections[2].rows[0].values.ndb).toEqual({
      value: 14.31,
      standardDeviation: 1.25,
      paper: 12.5,
      runs: 3,
    });
    const picture = { width: 2, height: 1, channels: 3, bytes: png.length, sha256: sha256(png) };
    expect(json.sections[4].images).toEqual([{ ...picture, label: "red, blue", file: "samples/a.png" }, picture]);
    expect(json.sections[8].series[0].points).toHaveLength(1000);
  });
});

describe("writing a report", () => {
  it("replaces the older one", async () => {
    writeFileSync(join(root, "report.html"), "old");
    const { htmlPath, jsonPath } = await createReport({ title: "new", now }).write(root);
    expect(readFileSync(htmlPath, "utf8")).toBe(await createReport({ title: "new", now }).html());
    expect(JSON.parse(readFileSync(jsonPath, "utf8"))).toMatchObject({ title: "new" });
  });

  it("says what was refused", async () => {
    await expect(createReport({ title: "t" }).write("/dev/null/x")).rejects.toThrow(StorageError);
    expect(() => createReport({ title: "t" }).imageGrid({ caption: "c", images: [{ png: Uint8Array.of(1) }] })).toThrow(
      /expected the bytes of a PNG/,
    );
    expect(() =>
      createReport({ title: "t" }).imageGrid({ caption: "c", images: [{ png }], columnTitles: ["x"] }),
    ).toThrow(/expected columns/);
  });
});
