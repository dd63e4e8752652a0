/** Shows only the fields that the chosen kind of rule uses. */
export function ruleKind(): void {
  const kind = document.querySelector<HTMLSelectElement>('#rk')
  if (!kind) return
  const show = () => {
    const uses = kind.selectedOptions[0]?.dataset.uses ?? ''
    for (const name of ['limit', 'words']) {
      const field = kind.form?.querySelector<HTMLElement>(`[name=${name}]`)?.closest<HTMLElement>('.field')
      if (field) field.hidden = !uses.includes(name)
    }
  }
  kind.addEventListener('change', show)
  show()
}
