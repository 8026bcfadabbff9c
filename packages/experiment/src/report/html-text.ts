const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Text with `code` between backticks and [links](https://...); nothing else has a meaning. */
export function inlineHtml(text: string): string {
  return text
    .split(/(`[^`]+`|\[[^\]]+\]\(https?:\/\/[^\s)]+\))/)
    .map((part, index) => {
      if (index % 2 === 0) return escapeHtml(part);
      if (part.startsWith("`")) return `<code>${escapeHtml(part.slice(1, -1))}</code>`;
      const [, label, address] = /^\[([^\]]+)\]\((.+)\)$/.exec(part)!;
      return `<a href="${escapeHtml(address!)}" rel="noreferrer">${escapeHtml(label!)}</a>`;
    })
    .join("");
}

/** The text without the marks that `inlineHtml` knows. */
export function plainText(text: string): string {
  return text.replace(/`([^`]+)`/g, "$1").replace(/\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g, "$1 ($2)");
}
