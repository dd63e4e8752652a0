/** Who writes: a person who signed in in the service's window, or whom the site knows. Loaded once somebody did. */

import { ask, Failure } from './client'
import { about, button, el, icon } from './dom'
import type { Identity } from './shelf'
import type { Stage } from './stage'
import { who as inEnglish } from './words/en'

const tick = 'M3 8.5 6.5 12 13 4.5'

/** Says in the form who writes, in the place of the way to sign in, with a way out; null takes that back. */
export function show(stage: Stage, form: HTMLFormElement, who: Identity | null, leave: () => void) {
  const t = stage.spoken?.who ?? inEnglish
  const link = form.querySelector<HTMLElement>('a.end')
  form.querySelector('.who')?.remove()
  if (link) link.hidden = who !== null
  if (!who) return
  const out = button(t.out, async () => {
    if (out.hasAttribute('aria-busy')) return
    out.setAttribute('aria-busy', 'true')
    line.querySelector('[role=alert]')?.remove()
    if (await ended(stage, who)) {
      leave()
      stage.say(t.left)
      form.querySelector('textarea')?.focus()
    } else {
      out.removeAttribute('aria-busy')
      line.append(el('span', { role: 'alert' }, t.still))
    }
  })
  const line = el(
    'span',
    { class: 'end row who' },
    icon(tick),
    el('span', {}, ...about(t.as, who.name ?? stage.t.anonymous)),
    out,
  )
  link?.after(line)
}

/** Ends an identity everywhere on the site. What the service does not know has ended. */
async function ended(stage: Stage, { identity }: Identity): Promise<boolean> {
  try {
    await ask(stage.api('identity'), { method: 'DELETE', headers: { Authorization: `Bearer ${identity}` } })
    return true
  } catch (cause) {
    return cause instanceof Failure && cause.status === 401
  }
}

/** Has the service take a JWT of the site for its reader; null where it does not. */
export async function admit(stage: Stage, sso: string): Promise<Identity | null> {
  try {
    const headers = { 'Content-Type': 'application/json' }
    return await ask<Identity>(stage.api('identity'), { method: 'POST', headers, body: JSON.stringify({ sso }) })
  } catch (cause) {
    stage.fire('error', { code: cause instanceof Failure ? cause.code : 'unknown' })
    return null
  }
}
