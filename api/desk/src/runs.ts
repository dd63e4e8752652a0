/** Runs of decided rows. Neighbouring decided rows fold into one line, such as "12 marked as spam · Undo". */
import { type Card, idOf } from './cards'
import { element } from './toast'
import { say } from './words'

/** What a folded row says. Kind groups rows in a run's label. */
export interface Fold {
  kind: string
  /** The row's own words, such as "Approved by Bob". */
  words: string
  /** The number of comments that the row represents. */
  n: number
  /** Undoes the decision, if this user made it. */
  undo?: () => void
  /** The label of the undo. */
  label?: string
}

interface Entry {
  card: Card
  fold: Fold
  run: Run
}

interface Run {
  line: HTMLElement
  entries: Entry[]
}

export class Runs {
  readonly #entries = new Map<string, Entry>()

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  /** Returns the IDs of folded comments. */
  get ids(): string[] {
    return [...this.#entries.keys()]
  }

  /** Returns the line that represents a folded comment. */
  lineOf(id: string): HTMLElement | undefined {
    return this.#entries.get(id)?.run.line
  }

  /** Folds a card's row into the runs beside it. A card that is folded already only gets new words. */
  fold(card: Card, fold: Fold): void {
    const known = this.#entries.get(idOf(card))
    if (known) {
      known.fold = fold
      label(known.run)
      return
    }
    const item = card.closest('li')
    if (!item) return
    const above = this.#runAt(item.previousElementSibling)
    const below = this.#runAt(item.nextElementSibling)
    const run = above ?? below ?? newRun()
    const entry = { card, fold, run }
    if (above || !below) run.entries.push(entry)
    else run.entries.unshift(entry)
    if (above || below) item.remove()
    else item.replaceWith(run.line)
    this.#entries.set(idOf(card), entry)
    if (above && below && above !== below) {
      for (const moved of below.entries) moved.run = above
      above.entries.push(...below.entries)
      below.line.remove()
    }
    label(run)
  }

  /** Restores a folded card at its place. Returns undefined if it is not folded. */
  unfold(id: string): Card | undefined {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    this.#entries.delete(id)
    const { run, card } = entry
    const at = run.entries.indexOf(entry)
    const rest = run.entries.splice(at).slice(1)
    const item = card.closest('li') ?? document.createElement('li')
    if (!card.parentElement) item.append(card)
    run.line.after(item)
    if (rest.length > 0) {
      const below = newRun()
      below.entries = rest
      for (const moved of rest) moved.run = below
      item.after(below.line)
      label(below)
    }
    if (run.entries.length === 0) run.line.remove()
    else label(run)
    return card
  }

  /** Shows words about a folded comment in its run. */
  mark(id: string, words: string): void {
    const pill = this.#entries.get(id)?.run.line.querySelector<HTMLElement>('[data-against]')
    if (!pill) return
    pill.textContent = words
    pill.hidden = false
  }

  /** Removes the undo of a folded comment. */
  settle(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    delete entry.fold.undo
    label(entry.run)
  }

  #runAt(line: Element | null): Run | undefined {
    if (!line?.matches('.run')) return undefined
    for (const { run } of this.#entries.values()) if (run.line === line) return run
    return undefined
  }
}

function newRun(): Run {
  const template = element('run') as HTMLTemplateElement
  const run: Run = { line: template.content.firstElementChild?.cloneNode(true) as HTMLElement, entries: [] }
  run.line.querySelector('button')?.addEventListener('click', () => lastUndo(run)?.fold.undo?.())
  return run
}

/** Returns the newest entry of a run that can be undone. */
function lastUndo(run: Run): Entry | undefined {
  return run.entries.findLast(entry => entry.fold.undo)
}

function label(run: Run): void {
  const text = run.line.querySelector('span')
  const button = run.line.querySelector('button')
  const [first] = run.entries
  if (!text || !button || !first) return
  const n = run.entries.reduce((sum, { fold }) => sum + fold.n, 0)
  const same = run.entries.every(({ fold }) => fold.kind === first.fold.kind)
  if (run.entries.length === 1 && first.fold.kind === 'other') text.textContent = first.fold.words
  else text.textContent = say(`run.${same ? first.fold.kind : 'mixed'}`, { n })
  run.line.dataset.n = String(n)
  const last = lastUndo(run)
  button.hidden = last === undefined
  button.ariaLabel = last ? `${button.textContent}: ${last.fold.label}` : null
}
