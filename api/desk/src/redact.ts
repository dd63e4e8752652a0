/**
 * What is selected in a comment's text is the part to be taken out of it: in the text as it was typed, by numbers,
 * counted as the service counts; elsewhere on the page by its words, as far as they stand in that once.
 */
export function redacting(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-redact]')
  const source = form?.querySelector<HTMLTextAreaElement>('[data-source]')
  if (!form || !source) return
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement
  const characters = (end: number) => String([...source.value.slice(0, end)].length)
  const take = () => {
    if (source.selectionStart === source.selectionEnd) return
    field('from').value = characters(source.selectionStart)
    field('to').value = characters(source.selectionEnd)
    field('words').value = ''
  }
  let selected = ''
  document.addEventListener('selectionchange', () => {
    if (document.activeElement === source) return take()
    const now = getSelection()
    const on = now?.anchorNode?.parentElement?.closest('.said, .typed')
    if (on && now?.toString().trim()) selected = now.toString().trim()
  })
  form.closest('details')?.addEventListener('toggle', event => {
    if (!(event.target as HTMLDetailsElement).open || !selected) return
    const at = source.value.indexOf(selected)
    if (at >= 0 && at === source.value.lastIndexOf(selected)) {
      source.focus()
      source.setSelectionRange(at, at + selected.length)
      take()
    } else field('words').value = selected
    selected = ''
  })
}
