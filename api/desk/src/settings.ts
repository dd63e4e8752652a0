/** The save bar of a form lists its changed settings. The threshold answers while it moves. */
import { say } from './words'

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

/** Good, spam and other comments in one hundredth of the score. */
type Count = [good: number, spam: number, other: number]

export function settings(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-changes]')
  const bar = form?.querySelector<HTMLElement>('.save')
  const says = bar?.querySelector('p')
  const reset = bar?.querySelector<HTMLButtonElement>('[type=reset]')
  if (!form || !bar || !says || !reset) return
  const tell = () => {
    const names = changes(form)
    reset.hidden = names.length === 0
    bar.toggleAttribute('data-clean', names.length === 0)
    says.textContent = names.length ? `${say('changes', { n: names.length })} ${names.join(', ')}` : ''
  }
  threshold(form)
  form.addEventListener('input', tell)
  form.addEventListener('reset', () => setTimeout(tell))
  tell()
}

/** Connects the slider to the number field, the chart and the figures. */
function threshold(form: HTMLFormElement): void {
  const field = form.elements.namedItem('suspect')
  if (!(field instanceof HTMLInputElement)) return
  const figure = field.closest<HTMLElement>('[data-scores]')
  const slider = figure?.querySelector<HTMLInputElement>('input[type=range]')
  const scores = JSON.parse(figure?.dataset.scores ?? '[]') as Count[]
  const label = field.labels?.[0]?.textContent ?? ''
  const show = () => {
    if (!figure || !slider) return
    const at = Number(slider.value)
    figure.dataset.name = `${label} ${at}`
    for (const output of figure.querySelectorAll('output')) output.textContent = slider.value
    figure.querySelector('.cut-at')?.setAttribute('d', `M${(at * 6.2).toFixed(1)} 0v96`)
    const [held, caught] = figure.querySelectorAll<HTMLElement>('.eff b')
    if (caught) caught.textContent = share(scores, 1, at)
    if (held) held.textContent = share(scores, 0, at)
  }
  slider?.addEventListener('input', () => {
    field.value = slider.value
    show()
  })
  form.addEventListener('reset', () => setTimeout(show))
  // The what-if page asks for a threshold. It is saved only by the save button.
  const asked = new URLSearchParams(location.search).get('suspect')
  if (!asked) return
  field.value = asked
  if (slider) slider.value = asked
  show()
}

/** Returns how many of the comments at index kind reach the threshold. */
function share(scores: Count[], kind: 0 | 1, at: number): string {
  const sum = (some: Count[]) => some.reduce((n, count) => n + count[kind], 0)
  return say('threshold.of', { n: sum(scores.slice(at)), all: sum(scores) })
}

/** Returns the names of changed settings. */
function changes(form: HTMLFormElement): string[] {
  const names = new Set<string>()
  for (const field of form.querySelectorAll<Field>('[name]')) {
    const other =
      field instanceof HTMLInputElement && field.type === 'radio'
        ? field.checked && !field.defaultChecked
        : field instanceof HTMLSelectElement
          ? !field.selectedOptions[0]?.defaultSelected
          : field.value !== field.defaultValue
    const name = field.closest<HTMLElement>('[data-name]')?.dataset.name ?? field.labels?.[0]?.textContent
    if (other && name) names.add(name.charAt(0).toLowerCase() + name.slice(1))
  }
  return [...names]
}
