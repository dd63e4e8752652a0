/** Making nodes. Nothing else in the widget creates elements, and nothing parses markup from strings. */

type Value = string | number | boolean | null | undefined | ((event: Event) => void)

/**
 * Makes an element. A function is a listener for the event its key names; false, null
 * and undefined set no attribute. Strings among the children become text.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: (Node | string | false | null | undefined)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  for (const name in attributes) {
    const value = attributes[name]
    if (typeof value === 'function') node.addEventListener(name, value)
    else if (value !== false && value != null) node.setAttribute(name, value as string)
  }
  for (const child of children) if (child) node.append(child)
  return node
}

/** The nodes of a sentence whose one `{place}` a node takes. */
export function put(sentence: string, node: Node): (Node | string)[] {
  const [before = '', after] = sentence.split(/\{\w+\}/)
  return after === undefined ? [before] : [before, node, after]
}

/** A sentence about somebody. A name has a direction of its own, and turns nothing around it. */
export function about(sentence: string, name: string): (Node | string)[] {
  return put(sentence, el('bdi', {}, name))
}

/** The path of the clock, which stands beside what waits. */
export const clock = 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.5V8l2.3 1.6'

/** Makes a decorative icon of one path on a grid of 16 units. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('aria-hidden', 'true')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}

/** Makes a button that does something when it is pressed; it never sends a form. */
export function button(
  label: string,
  press: (() => void) | null,
  attributes: Record<string, string> = {},
): HTMLButtonElement {
  return el('button', { type: 'button', ...attributes, click: press }, label)
}

/** Reports whether a key belongs to an input method. Safari ends a composition with keyCode 229 alone. */
export const composing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229
