/**
 * Keeps unsent replies and notes in the tab's session storage, so that they survive a sign-in and navigation.
 */
const prefix = 'aitys:typed:'
const reopen = `${prefix}reopen`

/** Starts storing typed text, and restores it when its field is opened. */
export function keepTyped(): void {
  document.addEventListener('input', event => {
    const field = kept(event.target)
    if (field?.value) sessionStorage.setItem(nameOf(field), field.value)
    else if (field) sessionStorage.removeItem(nameOf(field))
  })
  const bring = (event: Event) => {
    if (!(event.target instanceof HTMLDetailsElement) || !event.target.open) return
    for (const field of event.target.querySelectorAll('textarea, input')) {
      const mine = kept(field)
      if (mine && mine.value === '') mine.value = sessionStorage.getItem(nameOf(mine)) ?? ''
    }
  }
  document.addEventListener('toggle', bring, { capture: true })
  // After a submit, a comment's own page is reloaded with a status notice.
  const sent = document.querySelector('.one:has(.notice[role=status]:not([hidden]))')
  if (sent) forgetTyped(sent)
  for (const field of document.querySelectorAll('textarea')) {
    const details = field.closest('details')
    if (!details || !kept(field) || nameOf(field) !== sessionStorage.getItem(reopen)) continue
    details.open = true
    details.closest('.pane')?.classList.add('open')
    sessionStorage.removeItem(reopen)
  }
}

/** Marks a field to be opened again after the sign-in. */
export function comeBackTo(field: HTMLTextAreaElement | null): void {
  if (field) sessionStorage.setItem(reopen, nameOf(field))
}

/** Deletes the stored text of a comment, after it was sent. */
export function forgetTyped(about: Element): void {
  for (const field of about.querySelectorAll('textarea, input')) {
    const mine = kept(field)
    if (mine) sessionStorage.removeItem(nameOf(mine))
  }
}

function kept(target: EventTarget | null): HTMLInputElement | HTMLTextAreaElement | null {
  return target instanceof Element && target.matches('[data-comment] :is(.reply textarea, .refuse input[name=note])')
    ? (target as HTMLInputElement | HTMLTextAreaElement)
    : null
}

function nameOf(field: HTMLInputElement | HTMLTextAreaElement): string {
  const comment = field.closest<HTMLElement>('[data-comment]')?.dataset.comment ?? ''
  return `${prefix}${document.body.dataset.account ?? ''}:${comment}:${field.name}`
}
