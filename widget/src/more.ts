/** The next step of a long thread. Loaded with the first of them. */

import { plural } from './i18n'
import type { View } from './view'

/** At most so many come at a time: each step is twice the last. */
const most = 100

export async function more(view: View) {
  const { comments, next } = await view.fetch(view.step, { after: view.next ?? '' })
  view.step = Math.min(2 * view.step, most)
  view.next = next
  const added = comments.map(c => view.add(c))
  for (const id of view.late) view.thread.toEnd(id)
  view.offerMore()
  view.drawn()
  added[0]?.focus({ preventScroll: true })
  view.say(plural(view.t.loaded, added.length, view.t))
}
