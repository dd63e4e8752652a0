/** The save bar of the settings lists the changed settings and offers to reset them. */
import { say } from './words'

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

export function settings(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-changes]')
  const says = form?.querySelector<HTMLElement>('.savebar p')
  const reset = form?.querySelector<HTMLButtonElement>('[type=reset]')
  if (!form || !says || !reset) return
  const tell = () => {
    const names = changes(form)
    reset.hidden = names.length === 0
    says.replaceChildren()
    if (names.length === 0) {
      says.textContent = say('changes.none')
      return
    }
    const count = document.createElement('b')
    count.textContent = say('changes', { n: names.length })
    says.append(count, ` ${names.join(', ')}`)
  }
  asked(form)
  form.addEventListener('input', tell)
  form.addEventListener('reset', () => setTimeout(tell))
  tell()
}

/** Fills in a threshold from the address, set by the what-if page. It is saved only by the save button. */
function asked(form: HTMLFormElement): void {
  const threshold = new URLSearchParams(location.search).get('suspect')
  const field = form.elements.namedItem('suspect')
  if (threshold && field instanceof HTMLInputElement) field.value = threshold
}

/** Returns the names of changed settings. */
function changes(form: HTMLFormElement): string[] {
  const names = new Set<string>()
  for (const field of form.querySelectorAll<Field>('input, select, textarea')) {
    const other =
      field instanceof HTMLInputElement && field.type === 'radio'
        ? field.checked && !field.defaultChecked
        : field instanceof HTMLSelectElement
          ? !field.selectedOptions[0]?.defaultSelected
          : field.value !== field.defaultValue
    const name = field.closest<HTMLElement>('[data-name]')?.dataset.name ?? field.labels?.[0]?.textContent
    if (other && name) names.add(name)
  }
  return [...names]
}
