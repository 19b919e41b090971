"""What does a person see? The Sign Page: from the e-Service's form, over an instrument and a PIN, back to ReturnUrl.

Every step is a plain HTML form that works without scripts. For whoever fills them in by program:

| page | form action (POST) | fields besides hidden ones |
|---|---|---|
| entry `GET\\|POST /{requestID}` | | `ReturnUrl`, `RelayState`, `Instrument`, `MSISDN`, `lang`, in any case |
| choose an instrument | `/{requestID}/instrument` | a button `Instrument` per instrument |
| enter the PIN | `/{requestID}/sign` | `IDNP`, `PIN` |
| cancel, on both | `/{requestID}/cancel` | |
| way back | ReturnUrl | `RequestID` and `RelayState`, both hidden; id of the form: `return` |

The hidden field `state` carries what the entry said, sealed; it is worth something only together with the cookie
`msign_session`, so send both. The forms have the ids `instruments`, `pin`, `cancel` and `return`.
"""
