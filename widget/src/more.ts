/** The steps of a long thread. Loaded with the first of them. */

import buttons from './buttons.css'
import { button, el } from './dom'
import { fill, number, plural } from './i18n'
import sheet from './more.css'
import type { Stage } from './stage'
import { steps as inEnglish } from './words/en'

const styles = new CSSStyleSheet()
styles.replaceSync(buttons + sheet)

/** At most so many come at a time: each step is twice the last. */
const most = 100

/** So many stand in a list of their own. A browser looks at each list in each frame, and lays out whole ones. */
const together = 25

/** Puts the button for the next step below the list. */
export function offer(stage: Stage) {
  if (!stage.root.adoptedStyleSheets.includes(styles)) stage.root.adoptedStyleSheets.push(styles)
  const t = stage.spoken?.steps ?? inEnglish
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

/** Begins a list below the others. Those far from what is in sight are not laid out. */
function begin(lists: HTMLElement): HTMLOListElement {
  const list = el('ol', { part: 'list', class: 'list far' })
  lists.append(list)
  return list
}

async function more(stage: Stage) {
  const { thread } = stage
  const { comments, next } = await stage.fetch(stage.step, { after: stage.next ?? '' })
  if (stage.thread !== thread) return // the list was drawn again meanwhile
  const shown = thread.shown
  stage.step = Math.min(2 * stage.step, most)
  stage.next = next
  clear(stage)
  const { list: lists } = thread
  let last = begin(lists)
  let began = false
  const whole = await stage.addAll(comments, article => {
    if (last.childElementCount >= together) last = begin(lists)
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
  // To look through all elements of a long thread takes long.
  if (comments.some(c => /<pre|withheld/.test(c.html ?? c.state))) stage.use('rare', part => part.drawn(stage))
  stage.mine()
  stage.say(plural((stage.spoken?.steps ?? inEnglish).loaded, comments.length, stage.t))
}
