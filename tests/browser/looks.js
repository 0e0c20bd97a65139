// What of a page is wrong by its looks, as lines of text; none where nothing is.
// Contrast: WCAG 2.2, 1.4.3. Size of what is to be hit: 2.5.8; links within a sentence are exempt.
() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`scrolls aside: ${root.scrollWidth} of ${root.clientWidth}`);

  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.backgroundColor = "Canvas";
  const canvas = getComputedStyle(probe).backgroundColor;
  probe.remove();

  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if ((parts(colour)[3] ?? 1) === 1) return colour;
    }
    return canvas;
  };
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()).join("");
    if (!text || !element.checkVisibility()) continue;
    const [pale, deep] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    const contrast = (pale + 0.05) / (deep + 0.05);
    if (contrast < 4.5) faults.push(`pale, ${contrast.toFixed(1)}: ${text.slice(0, 40)}`);
  }

  for (const element of document.querySelectorAll("a, button, input, select")) {
    const { width, height } = element.getBoundingClientRect();
    if (Math.min(width, height) < 24 && getComputedStyle(element).display !== "inline")
      faults.push(`small, ${width.toFixed()} by ${height.toFixed()}: ${element.textContent.trim()}`);
  }
  return faults;
}
