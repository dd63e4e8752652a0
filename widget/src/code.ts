/** Code blocks. Only blocks that scroll are keyboard stops; in print their lines wrap. */

import sheet from './code.css'
import type { Stage } from './stage'

let styles: CSSStyleSheet | null = null

const watched = new WeakSet<Stage>()

/** Updates the keyboard stops when the widget's width changes. Repeated calls for a stage have no effect. */
export function watch(stage: Stage) {
  const section = stage.root.querySelector('section')
  if (!section || watched.has(stage)) return
  watched.add(stage)
  if (!styles) {
    styles = new CSSStyleSheet()
    styles.replaceSync(sheet)
  }
  if (!stage.root.adoptedStyleSheets.includes(styles)) stage.root.adoptedStyleSheets.push(styles)
  const widths = new ResizeObserver(() => {
    for (const pre of section.querySelectorAll('pre'))
      if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0
      else pre.removeAttribute('tabindex')
  })
  widths.observe(section)
  stage.gone.addEventListener('abort', () => widths.disconnect())
}
