/** Loads further comments of a long thread in steps. Loaded if a thread has more comments. */

import buttons from './buttons.css'
import { button, el } from './dom'
import { fill, number, plural } from './i18n'
import sheet from './more.css'
import type { Stage } from './stage'
import { steps as english } from './words/en'

const styles = new CSSStyleSheet()
styles.replaceSync(buttons + sheet)

/** Each step is twice the previous one, up to this number of comments. */
const maxStep = 100

/** The number of comments per list. Browsers check each list in each frame, and lay out whole lists. */
const listSize = 25

/** Puts the button for the next step below the list. */
export function offer(stage: Stage) {
  if (!stage.root.adoptedStyleSheets.includes(styles)) stage.root.adoptedStyleSheets.push(styles)
  const t = stage.words?.steps ?? english
  const left = stage.inside ? 0 : stage.page.count - stage.thread.shown
  const n = number(Math.min(left || stage.step, stage.step), stage.t)
  const far = left > stage.step
  const label = fill(far ? t.more : t.rest, { n, m: number(left, stage.t) })
  const go = () => stage.try(() => more(stage), go)
  const steps = el('div', { class: 'row steps' }, button(label, go, { part: 'more', class: 'wide' }))
  if (far && stage.config.sort === 'oldest')
    steps.append(button(t.toNewest, () => stage.resort('newest'), { class: 'wide' }))
  clear(stage)
  stage.section.append(steps)
}

function clear(stage: Stage) {
  for (const below of stage.section.children) if (below.matches('.steps')) below.remove()
}

/** Appends a list. Browsers do not lay out lists far from the viewport. */
function newList(lists: HTMLElement): HTMLOListElement {
  const list = el('ol', { part: 'list', class: 'list far' })
  lists.append(list)
  return list
}

async function more(stage: Stage) {
  const { thread } = stage
  const { comments, next } = await stage.fetch(stage.step, { after: stage.next ?? '' })
  if (stage.thread !== thread) return // the list was drawn again meanwhile
  const shown = thread.shown
  stage.step = Math.min(2 * stage.step, maxStep)
  stage.next = next
  clear(stage)
  const { list: lists } = thread
  let last = newList(lists)
  let began = false
  const whole = await stage.addAll(comments, article => {
    if (last.childElementCount >= listSize) last = newList(lists)
    if (!began) article.focus({ preventScroll: true })
    began = true
  })
  if (!whole) return
  stage.rest = Math.max(0, stage.rest - thread.shown + shown)
  stage.count()
  const late = stage.late.map(id => stage.thread.article(id)?.parentElement)
  last.append(...late.filter(item => !!item))
  if (!last.firstChild) last.remove()
  if (next) offer(stage)
  // Searching all elements of a long thread is slow.
  if (comments.some(c => /<pre|withheld/.test(c.html ?? c.state))) stage.use('rare', part => part.drawn(stage))
  stage.mine()
  stage.say(plural((stage.words?.steps ?? english).loaded, comments.length, stage.t))
}
