/** Waits for the first request from a page of the site, in the last step of the set-up. */

const PAUSE = 3000

export function seen(): void {
  const status = document.querySelector<HTMLElement>('[data-seen]')
  const text = status?.lastElementChild
  if (!status || !text) return
  const look = async () => {
    const response = document.hidden ? null : await fetch(status.dataset.seen ?? '').catch(() => null)
    const answer = response?.ok ? ((await response.json()) as { seen: string }) : null
    if (!answer?.seen) {
      setTimeout(look, PAUSE)
      return
    }
    text.textContent = answer.seen
    status.classList.add('seen')
  }
  setTimeout(look, PAUSE)
}
