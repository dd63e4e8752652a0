/** Who writes: somebody who signed in at the service, or for whom the site vouches with a token. */

import type { Identity, Shelf } from './shelf'
import type { Stage } from './stage'

export interface Signer {
  /** The signed-in writer, or null. */
  who: Identity | null
  /** Stores an identity and lets its owner write. */
  admit(who: Identity): void
  /** Exchanges the site's token at once, since it expires within minutes. Only this page keeps the identity. */
  believe(): void
  /** Takes the stored identity, which another tab may have changed, or else the one of the site's token. */
  follow(): void
  /** Signs out. */
  leave(): void
}

/** Returns the signer of a form. Calls signedIn when somebody has signed in here. */
export function signer(stage: Stage, shelf: Shelf, form: HTMLFormElement, signedIn: () => void): Signer {
  // The site's token that was tried last, and the identity that it stands for.
  let token = ''
  let given: Identity | null = null
  const become = (who: Identity | null) => {
    if (!who && !self.who) return
    self.who = who
    form.classList.toggle('known', who !== null)
    stage.use('who', part => {
      if (self.who === who) part.show(stage, form, who, self.leave)
    })
  }
  const self: Signer = {
    who: null,
    admit({ identity, name, badge, expires_at }) {
      const who = { identity, name, badge, expires_at }
      shelf.identity = who
      become(who)
      signedIn()
    },
    believe() {
      const { sso = '' } = stage.host.dataset
      if (sso === token) return
      token = sso
      stage.use('who', async part => {
        const admitted = sso ? await part.admit(stage, sso) : null
        if (sso !== token) return
        given = admitted
        self.follow()
      })
    },
    follow() {
      become(shelf.identity ?? given)
    },
    leave() {
      shelf.identity = null
      given = null
      become(null)
    },
  }
  // The service's sign-in window sends an identity.
  addEventListener(
    'message',
    ({ origin, data }) => {
      if (origin === new URL(stage.config.base).origin && data?.aitys === 'identity') self.admit(data)
    },
    { signal: stage.gone },
  )
  become(shelf.identity)
  self.believe()
  return self
}
