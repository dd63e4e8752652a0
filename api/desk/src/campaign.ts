/** The page of a campaign: the number of selected members, and keys that decide all of them. */
import type { Action } from './outbox'
import { say } from './words'

const bar = (): HTMLElement | null => document.querySelector<HTMLElement>('[data-whole]')

/** Updates the number of selected members when a box changes. Members on other pages are selected too. */
export function campaign(): void {
  const list = document.querySelector('.members.alike')
  list?.addEventListener('change', () => {
    const out = list.querySelectorAll('.pick input[type=checkbox]:not(:checked)').length
    const all = Number(bar()?.dataset.whole)
    const taken = bar()?.querySelector('[data-taken]')
    const left = bar()?.querySelector<HTMLElement>('[data-out]')
    if (taken) taken.textContent = say('alike.taken', { n: all - out })
    if (!left) return
    left.textContent = `, ${say('alike.out', { n: out })}`
    left.hidden = out === 0
  })
}

/** Clicks a button of the bar. Returns false if this is not a campaign's page. */
export function decideWhole(action: Action | undefined, refuse: boolean): boolean {
  const whole = bar()
  if (!whole) return false
  if (action) whole.querySelector<HTMLButtonElement>(`button[name=action][value=${action}]`)?.click()
  const reasons = whole.querySelector<HTMLDetailsElement>('.refuse')
  if (refuse && reasons) reasons.open = !reasons.open
  return action !== undefined || refuse
}
