/**
 * What is typed about a comment and not yet sent, a reply or a note, stays in the tab: a session may end meanwhile,
 * or the page be left.
 */
const prefix = 'aitys:typed:'
const reopen = `${prefix}reopen`

/** Keeps what is typed from now on, and brings it back where its field is opened. */
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
  // A comment's own page is loaded anew when it was sent, and tells so.
  const sent = document.querySelector('.one:has(.notice[role=status]:not([hidden]))')
  if (sent) forgetTyped(sent)
  for (const field of document.querySelectorAll('textarea')) {
    const details = field.closest('details')
    if (!details || !kept(field) || nameOf(field) !== sessionStorage.getItem(reopen)) continue
    details.open = true
    sessionStorage.removeItem(reopen)
  }
}

/** What was typed into a field is to be seen again after a sign-in. */
export function comeBackTo(field: HTMLTextAreaElement | null): void {
  if (field) sessionStorage.setItem(reopen, nameOf(field))
}

/** Forgets what was typed about a comment: it was sent. */
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
