/** Subscribes a commenter to mail about a comment. Loaded after posting with an e-mail address. */

import { request } from './client'
import { el } from './dom'
import type { Stage } from './stage'
import { told as english } from './words/en'

/** Shows the checkbox for the comment that was just posted. */
export function show(stage: Stage, status: HTMLElement, id: string, token: string) {
  const t = stage.words?.told ?? english
  const checkbox = el('input', { type: 'checkbox', name: 'told' })
  const result = el('p', { class: 'u', role: 'status' })
  checkbox.addEventListener('change', async () => {
    if (checkbox.ariaBusy) {
      checkbox.checked = !checkbox.checked
      return
    }
    checkbox.ariaBusy = 'true'
    try {
      const { on, confirmed } = await request<{ on: boolean; confirmed: boolean }>(
        stage.api(`comments/${id}/notify?lang=${stage.t.lang}`),
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
          body: JSON.stringify({ on: checkbox.checked }),
        },
      )
      result.textContent = !on ? t.off : confirmed ? t.on : t.confirm
    } catch {
      checkbox.checked = !checkbox.checked
      result.textContent = t.failed
    } finally {
      checkbox.ariaBusy = null
    }
  })
  status.append(el('label', { class: 'tick' }, checkbox, t.ask), result) // last, so that no button moves
}
