/**
 * Shows validation errors beside fields in the page's language, instead of the browser's bubbles in its own language.
 */
import { say } from './words'

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

export function fields(): void {
  // invalid does not bubble, so listen in the capture phase.
  document.addEventListener('invalid', refuse, true)
  document.addEventListener('input', event => clear(event.target as Field), true)
}

function refuse(event: Event): void {
  event.preventDefault()
  const field = event.target as Field
  clear(field)
  const said = document.createElement('p')
  said.className = 'bad'
  said.role = 'alert'
  said.textContent = wrong(field)
  said.id = `wrong-${field.id || field.name}`
  const room = field.closest<HTMLElement>('.field')
  if (room) {
    room.dataset.bad = ''
    room.append(said)
  } else field.after(said)
  field.setAttribute('aria-invalid', 'true')
  field.setAttribute('aria-errormessage', said.id)
  if (field === field.form?.querySelector(':is(input, select, textarea):invalid')) field.focus()
}

/** Removes the error of a field, whether the script or the server added it. */
function clear(field: Field): void {
  if (!field.matches('[aria-invalid]')) return
  const room = field.closest<HTMLElement>('.field') ?? field.parentElement
  room?.querySelector('.bad')?.remove()
  delete room?.dataset.bad
  field.removeAttribute('aria-invalid')
  field.removeAttribute('aria-errormessage')
}

function wrong(field: Field): string {
  const { valueMissing, typeMismatch, tooShort, rangeUnderflow, rangeOverflow } = field.validity
  if (valueMissing) return say('field.missing')
  if (field instanceof HTMLInputElement) {
    const { type, minLength: n, min, max } = field
    if (typeMismatch && type === 'email') return say('field.email')
    if (tooShort) return say('field.short', { n })
    if ((rangeUnderflow || rangeOverflow) && min && max)
      return say('field.range', { min: Number(min), max: Number(max) })
  }
  return say('field.other')
}
