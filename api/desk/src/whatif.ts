/** Updates the threshold figures while the slider moves. The server computes the same figures for the form. */
import { say, write } from './words'

/** Good, spam and other comments in one hundredth of the score. */
type Count = [good: number, spam: number, other: number]

export function whatIf(): void {
  const figure = document.querySelector<HTMLElement>('figure[data-scores]')
  const slider = figure?.querySelector<HTMLInputElement>('input[type=range]')
  if (!figure || !slider) return
  const scores = JSON.parse(figure.dataset.scores ?? '[]') as Count[]
  slider.addEventListener('input', () => show(figure, slider, scores))
}

function show(figure: HTMLElement, slider: HTMLInputElement, scores: Count[]): void {
  const threshold = Number(slider.value)
  slider.setAttribute('aria-valuetext', say('line.value', { threshold }))
  figure.querySelector('.trial')?.setAttribute('d', `M${(threshold * 5.6).toFixed(1)} 0V160`)
  const key = figure.querySelector('[data-then]')?.lastChild
  if (key) key.textContent = say('line.key', { threshold })
  const link = figure.querySelector<HTMLAnchorElement>('#set-it')
  if (link) {
    link.href = link.href.replace(/suspect=\d+/, `suspect=${threshold}`)
    link.textContent = say('line.set', { threshold })
  }
  const row = figure.querySelector<HTMLTableRowElement>('#tried')
  for (const [i, text] of [say('line.then', { threshold }), ...counted(scores, threshold).map(write)].entries()) {
    const cell = row?.cells[i]
    if (cell) cell.textContent = text
  }
}

/** Returns the results of a threshold: suspected, suspected good, missed spam, and total errors. */
function counted(scores: Count[], threshold: number): number[] {
  let suspected = 0
  let lost = 0
  let missed = 0
  for (const [at, [good, spam, other]] of scores.entries()) {
    if (at < threshold) missed += spam
    else {
      suspected += good + spam + other
      lost += good
    }
  }
  return [suspected, lost, missed, lost + missed]
}
