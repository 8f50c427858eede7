import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { sameText, signIn } from '../access.js'
import type { ApiDependencies } from '../dependencies.js'

/** `GET /sign-in?token=...`: the link that is printed at the start. It leaves a cookie and leads on, so that the token leaves the address. */
export const signInRoutes = ({ token }: ApiDependencies): Hono =>
  new Hono().get('/sign-in', (context) => {
    const given = context.req.query('token') ?? ''
    if (!sameText(given, token.reveal()))
      throw new HTTPException(401, {
        message: 'token is not the one of this installation: it is in the file api_token of TRIBUTARY_HOME',
      })
    signIn(context, token)
    return context.redirect('/', 303)
  })
