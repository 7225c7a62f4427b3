// Everything is there: the page is set as its address says.

$("chart-table").addEventListener("toggle", () => draw());
new ResizeObserver(() => draw()).observe($("chart"));

// a formula that is wider than its place can be scrolled by keys
function reach() {
  for (const box of document.querySelectorAll(".formula, .wide")) {
    if (box.clientWidth && box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
for (const group of document.querySelectorAll("details")) group.addEventListener("toggle", reach);
addEventListener("resize", reach);

// paper shows what is folded away
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")].filter((group) => group.id !== "chart-table");
  for (const group of folded) group.open = true;
});
addEventListener("afterprint", () => { for (const group of folded) group.open = false; });

const limited = curves.findIndex((c) => data.limits.some((l) => l.output === c.output.name));
const leading = curves.findIndex((c) => c.output.name === data.leading);
chart.output.value = String(Math.max(0, leading >= 0 ? leading : limited));
if (axes.length) chart.along.value = String(axes[0]);
chart.first = [chart.output.value, chart.along.value, chartName()];
addEventListener("hashchange", readAddress);
readAddress();
reach();
