import { randomKey } from "@divgen/random";
import { bench, describe } from "vitest";
import { drawFacadeLayout } from "./draw-facade-layout.ts";
import { facadeStyles } from "./facade-styles.ts";
import { facadeLabelMap } from "./place-parts.ts";
import { renderFacade } from "./render-facade.ts";

const key = randomKey(0);

describe.each([64, 256])("a facade of side %i", (size) => {
  let index = 0;
  bench("layout, label map and picture, styles in turn", () => {
    const own = key.fold(index++);
    const layout = drawFacadeLayout(own);
    facadeLabelMap(layout, size);
    renderFacade(layout, facadeStyles[index % facadeStyles.length]!, size, own);
  });
});
