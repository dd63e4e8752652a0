/** Copies the chosen saved reply into the reply field, where it can be edited. */
export function readyReplies(): void {
  document.addEventListener('change', event => {
    const select = event.target
    if (!(select instanceof HTMLSelectElement) || !select.matches('[data-ready]') || select.value === '') return
    const field = select.form?.querySelector('textarea')
    const site = select.dataset.site
    const texts = document.querySelector<HTMLTemplateElement>(
      site ? `template.ready[data-site="${CSS.escape(site)}"]` : '#ready',
    )
    const text = texts?.content.children[Number(select.value)]?.textContent
    if (!field || !text) return
    field.value = text
    field.dispatchEvent(new Event('input', { bubbles: true }))
    field.focus()
  })
}
