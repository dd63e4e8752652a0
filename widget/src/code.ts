/** Blocks of code: each that has to be scrolled is a stop for the keyboard, and no other; on paper its lines are broken. */

import sheet from './code.css'
import type { View } from './view'

let styles: CSSStyleSheet | null = null

const watched = new WeakSet<View>()

/** Watches the widths of a view, once. */
export function watch(view: View) {
  const section = view.root.querySelector('section')
  if (!section || watched.has(view)) return
  watched.add(view)
  if (!styles) {
    styles = new CSSStyleSheet()
    styles.replaceSync(sheet)
  }
  if (!view.root.adoptedStyleSheets.includes(styles)) view.root.adoptedStyleSheets.push(styles)
  const widths = new ResizeObserver(() => {
    for (const pre of section.querySelectorAll('pre'))
      if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0
      else pre.removeAttribute('tabindex')
  })
  widths.observe(section)
  view.gone.addEventListener('abort', () => widths.disconnect())
}
