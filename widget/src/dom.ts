/** Creates nodes. Only this file creates elements, and no code of the widget parses markup from strings. */

type Value = string | number | boolean | null | undefined | ((event: Event) => void)

/**
 * Returns a new element. A function among the attributes is a listener for the event in its key. The values false, null
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

/** Returns a sentence with its `{placeholder}` replaced by a node. */
export function put(sentence: string, node: Node): (Node | string)[] {
  const [before = '', after] = sentence.split(/\{\w+\}/)
  return after === undefined ? [before] : [before, node, after]
}

/** Returns a sentence with a name in it, isolated so that its text direction stays its own. */
export function about(sentence: string, name: string): (Node | string)[] {
  return put(sentence, el('bdi', {}, name))
}

/** The path of the clock icon, for pending comments. */
export const clock = 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.5V8l2.3 1.6'

/** Returns a decorative icon with one path on a 16-unit grid. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('aria-hidden', 'true')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}

/** Returns a button that calls press. It does not submit forms. */
export function button(
  label: string,
  press: (() => void) | null,
  attributes: Record<string, string> = {},
): HTMLButtonElement {
  return el('button', { type: 'button', ...attributes, click: press }, label)
}

/** Reports whether an input method uses this key. Safari marks the end of a composition only by keyCode 229. */
export const composing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229
