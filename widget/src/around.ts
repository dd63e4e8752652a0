/** Shows the comment that the page's address names. Loaded if there is one. */

import sheet from './around.css'
import buttons from './buttons.css'
import { button, el } from './dom'
import type { Stage } from './stage'
import { around as english } from './words/en'

let styles: CSSStyleSheet | null = null

/** Scrolls to a comment and focuses it. Loads it first if necessary. */
export function show(stage: Stage, id: string | null) {
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

/** Completes a thread drawn around a comment: offers the whole thread, or reports that the comment is missing. */
export function drawn(stage: Stage, id: string, part: boolean, mine: boolean) {
  const t = stage.words?.around ?? english
  const here = stage.thread.article(id)
  if (here && part) stage.thread.list.before(button(t.whole, () => stage.load(null), { class: 'wide' }))
  else if (!here && !mine) stage.thread.list.before(el('p', { class: 'u', role: 'status' }, t.missing))
  if (here) show(stage, id)
}
