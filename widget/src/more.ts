/** The steps of a long thread. Loaded with the first of them. */

import { button, el } from './dom'
import { fill, number, plural } from './i18n'
import sheet from './more.css'
import type { View } from './view'
import { steps as inEnglish } from './words/en'

const styles = new CSSStyleSheet()
styles.replaceSync(sheet)

/** At most so many come at a time: each step is twice the last. */
const most = 100

/** So many are drawn before whoever reads has their turn: a slow phone takes some 20 ms for them. */
const atOnce = 10

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
  if (far && view.sort === 'oldest') steps.append(button(t.toNewest, () => view.resort('newest'), { class: 'wide' }))
  clear(view)
  view.section.append(steps)
}

function clear(view: View) {
  view.section.querySelector('.steps')?.remove()
}

async function more(view: View) {
  const { comments, next } = await view.fetch(view.step, { after: view.next ?? '' })
  view.step = Math.min(2 * view.step, most)
  view.next = next
  clear(view)
  const { thread } = view
  for (let at = 0; at < comments.length; at += atOnce) {
    if (at) await new Promise(free => setTimeout(free))
    if (view.thread !== thread) return // drawn anew meanwhile
    const added = comments.slice(at, at + atOnce).map(c => view.add(c))
    for (const article of added) article.parentElement?.classList.add('far')
    if (!at) added[0]?.focus({ preventScroll: true })
  }
  for (const id of view.late) thread.toEnd(id)
  if (next) offer(view)
  view.drawn()
  view.say(plural((view.spoken?.steps ?? inEnglish).loaded, comments.length, view.t))
}
