// Returns what is wrong with the page: its width, images that do not decode, text of low contrast
// (W3C, "Web Content Accessibility Guidelines 2.2", success criterion 1.4.3: a ratio of 4.5).
(() => {
  const faults = [];
  for (const each of document.querySelectorAll("details")) each.open = true;
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth)
    faults.push(`the page is ${page.scrollWidth} pixels wide`);
  for (const each of document.images ?? [])
    if (!each.complete || !each.naturalWidth) faults.push(`no image: ${each.alt}`);

  const numbers = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const over = (top, below) => {
    const a = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map((i) => a * top[i] + (1 - a) * below[i]);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((x) => {
      const share = x / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const meta = document.querySelector("meta[name=color-scheme]");
  const schemes = getComputedStyle(page).colorScheme + (meta ? meta.content : "");
  const canvas = isDark && schemes.includes("dark") ? [18, 18, 18] : [255, 255, 255];

  // The colour that an element paints beneath what stands on it; null if it paints none.
  const painted = (element) => {
    const style = getComputedStyle(element);
    const isDrawing = element instanceof SVGElement && !(element instanceof SVGSVGElement);
    const text = isDrawing ? style.fill : style.backgroundColor;
    if (!text || text === "none") return null;
    if (isDrawing && !(element instanceof SVGGeometryElement)) return null;
    const colour = numbers(text);
    return colour.length < 3 || colour[3] === 0 ? null : colour;
  };
  // Elements beneath a point of an element, from the top; its ancestors where it is out of sight.
  const beneath = (element, x, y) => {
    const stack = document.elementsFromPoint(x, y);
    const place = stack.indexOf(element);
    if (place >= 0) return stack.slice(place);
    const chain = [];
    for (let each = element; each; each = each.parentElement) {
      chain.push(each);
      if (each instanceof SVGGElement) chain.push(...each.querySelectorAll(":scope > rect"));
    }
    return chain;
  };
  const opacity = (element) => {
    let product = 1;
    for (let each = element; each; each = each.parentElement)
      product *= Number(getComputedStyle(each).opacity);
    return product;
  };

  const seen = new Set();
  const walker = document.createTreeWalker(document.body ?? page, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    const text = node.data.trim();
    if (!text || ["STYLE", "TITLE", "title", "style"].includes(element.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    let now = range.getBoundingClientRect();
    if (!now.width || !now.height) continue;
    if (now.top < 0 || now.bottom > window.innerHeight) {
      window.scrollTo(0, now.top + window.scrollY - 20);
      now = range.getBoundingClientRect();
    }
    const layers = beneath(element, now.left + now.width / 2, now.top + now.height / 2);
    let ground = canvas;
    const colours = layers.map(painted).filter((each) => each);
    const opaque = colours.findIndex((each) => each.length < 4 || each[3] === 1);
    const used = opaque < 0 ? colours : colours.slice(0, opaque + 1);
    for (const each of used.reverse()) ground = over(each, ground);
    const style = getComputedStyle(element);
    const isDrawing = element instanceof SVGElement;
    const ink = numbers(isDrawing ? style.fill : style.color);
    const alpha = (ink.length > 3 ? ink[3] : 1) * opacity(element);
    const ratio = contrast(over([...ink.slice(0, 3), alpha], ground), ground);
    const kind = element.className.baseVal ?? element.className;
    const key = `${element.tagName} ${kind} ${ratio.toFixed(1)}`;
    if (ratio < 4.5 && !seen.has(key)) {
      seen.add(key);
      faults.push(`contrast ${ratio.toFixed(2)} of "${text.slice(0, 30)}" (${key})`);
    }
  }
  window.scrollTo(0, 0);
  return faults;
})()
