/** Shows the chosen look on the preview, and the lines that set it. The server makes the same lines. */
export function look(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-look]')
  const sheet = document.querySelector<HTMLElement>('.sample')
  const preview = sheet?.querySelector<HTMLElement>('aitys-comments')
  const code = document.getElementById('look-code')
  if (!form || !sheet || !preview || !code) return
  const rules = new CSSStyleSheet()
  document.adoptedStyleSheets.push(rules)
  const show = () => {
    const chosen = [...form.querySelectorAll<HTMLInputElement>(':checked')].map(field => field.dataset)
    const theme = chosen.map(({ theme }) => theme ?? '').join('')
    const lines = chosen
      .map(({ css, dark }) => (theme === 'dark' && dark) || css || '')
      .filter(Boolean)
      .flatMap(css => css.split('; '))
    preview.dataset.theme = theme || 'auto'
    sheet.dataset.theme = theme
    const rule = lines.length ? ['aitys-comments {', ...lines.map(line => `  ${line};`), '}'] : []
    rules.replaceSync(rule.join('\n'))
    const attribute = theme ? [`data-theme="${theme}"`] : []
    const style = lines.length ? ['<style>', ...rule, '</style>'] : []
    code.textContent = [...attribute, ...style].join('\n') || (code.dataset.none ?? '')
  }
  form.addEventListener('input', show)
  show()
}
