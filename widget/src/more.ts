/** The steps of a long thread. Loaded with the first of them. */

import buttons from './buttons.css'
import { button, el } from './dom'
import { fill, number, plural } from './i18n'
import sheet from './more.css'
import type { View } from './view'
import { steps as inEnglish } from './words/en'

const styles = new CSSStyleSheet()
styles.replaceSync(buttons + sheet)

/** At most so many come at a time: each step is twice the last. */
const most = 100

/** So many stand in a list of their own. A browser looks at each list in each frame, and lays out whole ones. */
const together = 25

/** Puts the button for the next step below the list. */
export function offer(view: View) {
  if (!view.root.adoptedStyleSheets.includes(styles)) view.root.adoptedStyleSheets.push(styles)
  const t = view.spoken?.steps ?? inEnglish
  const left = view.inside ? 0 : view.page.count - view.thread.shown
  const n = number(Math.min(left || view.step, view.step), view.t)
  const far = left > view.step
  const label = fill(far ? t.more : t.rest, { n, m: number(left, view.t) })
  const go = () => view.try(() => more(view), go)
  const steps = el('div', { class: 'row steps' }, button(label, go, { part: 'more', class: 'wide' }))
  if (far && view.config.sort === 'oldest')
    steps.append(button(t.toNewest, () => view.resort('newest'), { class: 'wide' }))
  clear(view)
  view.section.append(steps)
}

function clear(view: View) {
  for (const below of view.section.children) if (below.matches('.steps')) below.remove()
}

/** Begins a list below the others. Those far from what is in sight are not laid out. */
function begin(lists: HTMLElement): HTMLOListElement {
  const list = el('ol', { part: 'list', class: 'list far' })
  lists.append(list)
  return list
}

async function more(view: View) {
  const { thread } = view
  const { comments, next } = await view.fetch(view.step, { after: view.next ?? '' })
  if (view.thread !== thread) return // the list was drawn again meanwhile
  const shown = thread.shown
  view.step = Math.min(2 * view.step, most)
  view.next = next
  clear(view)
  const { list: lists } = thread
  let last = begin(lists)
  let began = false
  const whole = await view.addAll(comments, article => {
    if (last.childElementCount >= together) last = begin(lists)
    if (!began) article.focus({ preventScroll: true })
    began = true
  })
  if (!whole) return
  view.rest = Math.max(0, view.rest - thread.shown + shown)
  view.count()
  const late = view.late.map(id => view.thread.article(id)?.parentElement)
  last.append(...late.filter(item => !!item))
  if (!last.firstChild) last.remove()
  if (next) offer(view)
  // To look through all elements of a long thread takes long.
  if (comments.some(c => /<pre|withheld/.test(c.html ?? c.state)))
    view.use<typeof import('./rare')>('rare', part => part.drawn(view))
  view.mine()
  view.say(plural((view.spoken?.steps ?? inEnglish).loaded, comments.length, view.t))
}
