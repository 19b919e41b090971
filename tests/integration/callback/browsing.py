"""What a browser does on the way to the Sign Page and back."""

from urllib.parse import parse_qsl, urlsplit

from shared.contract.models import SignResponse, SignStatus

FRONTEND = "https://msign.example"
DECLINED = SignResponse(status=SignStatus.FAILURE, message="Semnarea a fost anulată")


def path_of(url):
    return url.removeprefix("https://sign.example")


async def come_back(browser, links, job, *, method="POST", **changes):
    form = {"RequestID": job.request_id, "RelayState": links.relay_state(job.job_id)} | changes
    form = {name: value for name, value in form.items() if value is not None}
    where = {"data": form} if method == "POST" else {"params": form}
    return await browser.request(method, "/return", allow_redirects=False, **where)


def query_of(response):
    return parse_qsl(urlsplit(response.headers["Location"]).query, keep_blank_values=True)
