/** Shows the signed-in commenter. Loaded after signing in, in the service's window or by the site's SSO token. */

import { Failure, request } from './client'
import { about, button, el, icon } from './dom'
import type { Stage } from './stage'
import type { Identity } from './storage'
import { who as english } from './words/en'

const tick = 'M3 8.5 6.5 12 13 4.5'

/** Shows the commenter and a sign-out button in place of the sign-in link. Null restores the link. */
export function show(stage: Stage, form: HTMLFormElement, who: Identity | null, leave: () => void) {
  const t = stage.words?.who ?? english
  const link = form.querySelector<HTMLElement>('a.end')
  form.querySelector('.who')?.remove()
  if (link) link.hidden = who !== null
  if (!who) return
  const out = button(t.out, async () => {
    if (out.hasAttribute('aria-busy')) return
    out.setAttribute('aria-busy', 'true')
    line.querySelector('[role=alert]')?.remove()
    if (await signOut(stage, who)) {
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

/** Ends an identity everywhere on the site. Reports success, also if the service does not know the identity. */
async function signOut(stage: Stage, { identity }: Identity): Promise<boolean> {
  try {
    await request(stage.api('identity'), { method: 'DELETE', headers: { Authorization: `Bearer ${identity}` } })
    return true
  } catch (cause) {
    return cause instanceof Failure && cause.status === 401
  }
}

/** Exchanges the site's JWT for an identity. Returns null and fires an error event if the service refuses. */
export async function login(stage: Stage, sso: string): Promise<Identity | null> {
  try {
    const headers = { 'Content-Type': 'application/json' }
    return await request<Identity>(stage.api('identity'), { method: 'POST', headers, body: JSON.stringify({ sso }) })
  } catch (cause) {
    stage.fire('error', { code: cause instanceof Failure ? cause.code : 'unknown' })
    return null
  }
}
