/** A comment that the page's address names: it is looked for, shown and focused. Loaded where there is one. */

import sheet from './around.css'
import buttons from './buttons.css'
import { button, el } from './dom'
import type { Stage } from './stage'
import { around as inEnglish } from './words/en'

let styles: CSSStyleSheet | null = null

/** Shows a comment; loads it where it is not here yet. */
export function follow(stage: Stage, id: string | null) {
  if (!id) return
  const node = stage.thread?.article(id)
  if (!node) return void stage.load(id)
  for (let p = node.closest('details'); p; p = p.parentElement?.closest('details') ?? null) p.open = true
  if (!styles) {
    styles = new CSSStyleSheet()
    styles.replaceSync(buttons + sheet)
  }
  if (!stage.root.adoptedStyleSheets.includes(styles)) stage.root.adoptedStyleSheets.push(styles)
  stage.root.querySelector('.hit')?.classList.remove('hit')
  node.classList.add('hit')
  node.scrollIntoView()
  node.focus({ preventScroll: true })
}

/** Says of a thread that was drawn around a comment what it is: a part, or all there is without it. */
export function drawn(stage: Stage, id: string, part: boolean, mine: boolean) {
  const t = stage.spoken?.around ?? inEnglish
  const here = stage.thread.article(id)
  if (here && part) stage.thread.list.before(button(t.whole, () => stage.load(null), { class: 'wide' }))
  else if (!here && !mine) stage.thread.list.before(el('p', { class: 'u', role: 'status' }, t.missing))
  if (here) follow(stage, id)
}
