/** The toolbar above the text. Its buttons write Markdown. */

import { el, icon } from './dom'
import type { FormWords } from './i18n'

/** Returns what a button writes for the selected text: before it, in the new selection, and after it. */
type Mark = (selected: string) => [string, string, string]

const wrap =
  (mark: string): Mark =>
  selected => [mark, selected, mark]

/** Prefixes whole lines. A block needs an empty line before it. */
const prefixLines =
  (mark: string): Mark =>
  selected => ['\n\n', selected.replace(/^/gm, mark), '']

const code: Mark = selected => (selected.includes('\n') ? ['\n\n```\n', selected, '\n```\n'] : ['`', selected, '`'])

const link: Mark = selected => {
  if (/^https?:\S+$/.test(selected)) return ['[', '', `](${selected})`]
  return selected ? [`[${selected}](`, 'https://', ')'] : ['[', '', '](https://)']
}

const tools = [
  ['bold', 'M5 3h3.5a2.5 2.5 0 0 1 0 5H5zM5 8h4.2a2.6 2.6 0 0 1 0 5.2H5z', wrap('**')],
  ['italic', 'M7 3h4M5 13h4M9.5 3l-3 10', wrap('*')],
  ['quote', 'M3 4.5v7M6.5 5H13M6.5 8H13M6.5 11H10', prefixLines('> ')],
  ['code', 'M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5', code],
  ['bullets', 'M6 4h7.5M6 8h7.5M6 12h7.5M2.8 4h.1M2.8 8h.1M2.8 12h.1', prefixLines('- ')],
  [
    'link',
    'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2A2.6 2.6 0 0 0 9 3.3l-.9.9M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l.9-.9',
    link,
  ],
] as const

/** Returns the toolbar of a field: one Tab stop, with arrow keys inside. Last is its last button. */
export function toolbar(field: HTMLTextAreaElement, t: FormWords, last: HTMLButtonElement): HTMLElement {
  const buttons = tools.map(([name, path, mark]) =>
    el(
      'button',
      { type: 'button', 'aria-label': t[name], title: t[name], tabindex: -1, click: () => apply(field, mark) },
      icon(path),
    ),
  )
  const all = [...buttons, last]
  const rove = (to: number) => {
    for (const [i, b] of all.entries()) b.tabIndex = i === to ? 0 : -1
  }
  rove(0)
  const move = (event: Event) => {
    const key = (event as KeyboardEvent).key
    const from = all.indexOf(event.target as HTMLButtonElement)
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: all.length - 1 }[key]
    if (from < 0 || to === undefined) return
    event.preventDefault()
    const at = (to + all.length) % all.length
    rove(at)
    all[at]?.focus()
  }
  return el('div', { class: 'bar', role: 'toolbar', 'aria-label': t.formatting, keydown: move }, ...all)
}

/** Applies a mark to the selection, as one undo step of the field. */
function apply(field: HTMLTextAreaElement, mark: Mark) {
  const { selectionStart: from, selectionEnd: to, value } = field
  let [before, selected, after] = mark(value.slice(from, to))
  // Existing line breaks are not written again.
  const breaks = /\n{0,2}$/.exec(value.slice(0, from))?.[0].length ?? 0
  before = before.replace(/^\n+/, b => (from === breaks ? '' : b.slice(breaks)))
  field.focus()
  if (!document.execCommand('insertText', false, before + selected + after)) {
    field.setRangeText(before + selected + after)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
  const start = from + before.length
  field.setSelectionRange(
    selected.startsWith('> ') || selected.startsWith('- ') ? start + selected.length : start,
    start + selected.length,
  )
}
