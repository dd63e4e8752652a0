/** A comment that the page's address names: it is looked for, shown and focused. Loaded where there is one. */

import sheet from './around.css'
import buttons from './buttons.css'
import { button, el } from './dom'
import type { View } from './view'
import { around as inEnglish } from './words/en'

let styles: CSSStyleSheet | null = null

/** Shows a comment; loads it where it is not here yet. */
export function follow(view: View, id: string | null) {
  if (!id) return
  const node = view.thread?.article(id)
  if (!node) return void view.load(id)
  for (let p = node.closest('details'); p; p = p.parentElement?.closest('details') ?? null) p.open = true
  if (!styles) {
    styles = new CSSStyleSheet()
    styles.replaceSync(buttons + sheet)
  }
  if (!view.root.adoptedStyleSheets.includes(styles)) view.root.adoptedStyleSheets.push(styles)
  view.root.querySelector('.hit')?.classList.remove('hit')
  node.classList.add('hit')
  node.scrollIntoView()
  node.focus({ preventScroll: true })
}

/** Says of a thread that was drawn around a comment what it is: a part, or all there is without it. */
export function drawn(view: View, id: string, part: boolean, mine: boolean) {
  const t = view.spoken?.around ?? inEnglish
  const here = view.thread.article(id)
  if (here && part) view.thread.list.before(button(t.whole, () => view.load(null), { class: 'wide' }))
  else if (!here && !mine) view.thread.list.before(el('p', { class: 'u', role: 'status' }, t.missing))
  if (here) follow(view, id)
}
