/**
 * Fills the redaction form from the selection. A selection in the source text sets the range in characters (code
 * points), as the service counts. A selection elsewhere sets the range if the text occurs once in the source, otherwise
 * the words.
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
