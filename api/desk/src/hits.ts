/** Marks the searched text in the list and the pane. Browsers without custom highlights show no marks. */
import type { Cards } from './cards'

export function markHits(cards: Cards): void {
  const sought = new URL(location.href).searchParams.get('q')?.trim().toLocaleLowerCase()
  if (!sought || !('highlights' in CSS)) return
  const update = () => {
    const ranges: Range[] = []
    for (const part of document.querySelectorAll('.card > .t, #what .said')) find(part, sought, ranges)
    CSS.highlights.set('hit', new Highlight(...ranges))
  }
  cards.list.addEventListener('current', update)
  cards.list.addEventListener('change', update)
  update()
}

/** Adds the places of a text, in lower case, within an element. */
function find(part: Element, sought: string, ranges: Range[]): void {
  const nodes = document.createTreeWalker(part, NodeFilter.SHOW_TEXT)
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const text = (node.textContent ?? '').toLocaleLowerCase()
    if (text.length !== node.textContent?.length) continue // a letter whose lower case is longer
    for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) {
      const range = new Range()
      range.setStart(node, at)
      range.setEnd(node, at + sought.length)
      ranges.push(range)
    }
  }
}
