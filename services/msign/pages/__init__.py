"""What does a person see? The Sign Page: from the e-Service's form, over an instrument and a PIN, back to ReturnUrl.

Every step is a plain HTML form that works without scripts. For whoever fills them in by program:

| page | form action (POST) | fields besides hidden ones |
|---|---|---|
| entry `GET\\|POST /{requestID}` | | `ReturnUrl`, `RelayState`, `Instrument`, `MSISDN`, `lang`, in any case |
| choose an instrument | `/{requestID}/instrument` | a button `Instrument` per instrument |
| enter the PIN | `/{requestID}/sign` | `IDNP`, `PIN` |
| upload the key file (multipart) | `/{requestID}/sign` | `KeyFile`, `Password` |
| call the phone | `/{requestID}/sign` | `MSISDN`, `IDNP`; leads to `GET /{requestID}/phone`, which waits |
| the phone, `GET /phone/{MSISDN}` | `/phone/{MSISDN}/sign` | `PIN` |
| refuse on the phone | `/phone/{MSISDN}/refuse` | |
| cancel, on all of the Sign Page | `/{requestID}/cancel` | |
| way back | ReturnUrl | `RequestID` and `RelayState`, both hidden; id of the form: `return` |

The hidden field `state` is a seal that is worth something only together with the cookie `msign_session`, so send both.
Every form is answered by a redirect (303) to a page that can be asked for again at any time: `choose`, `sign`, `phone`
and `done` below `/{requestID}`. Below it are the documents, too, and `progress` for scripts. The forms have the ids
`instruments`, `pin` (every instrument's), `cancel`, `return`, `phone` and `refuse`. An instrument whose PIN opens one
signature shows `pin` again for each document, until `return` is there.
"""
