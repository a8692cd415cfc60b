"""Canonical URLs: one spelling an article, so that the same page gives the same id.

Pure functions over http(s) URLs. `canonical` is idempotent; it does not follow
redirects and keeps the scheme, because a host need not serve the other one.
"""

import re
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

__all__ = ["canonical", "page_url", "registrable_domain"]

_MAX = 8192
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say how a reader came, not what is read.
_TRACKING = frozenset(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh mc_cid mc_eid mkt_tok ncid cmpid
    ocid icid ito cmp smid smtyp sref spm scid s_cid soc_src soc_trk srnd _ga _gl _hsenc _hsmi vero_id wickedid
    oly_anon_id oly_enc_id rb_clickid at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 at_link_id
    at_link_type at_link_origin at_format at_ptr_name at_bbc_team ns_mchannel ns_source ns_campaign ns_linkname ns_fee
    xtor fb_action_ids fb_action_types fb_source feature_id ref_src ref_url referrer referer taid tblci guccounter
    guce_referrer guce_referrer_sig outputtype amp __twitter_impression __source
    """.split()  # noqa: SIM905 - a word a quote would be unreadable
)
_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "hsa_", "wt_", "matomo_", "piwik_", "stm_", "itm_")

_UNRESERVED = "-._~"
_PATH_SAFE = _UNRESERVED + "!$&'()*+,;=:@/"
# As in a path, but "&" and "=" separate here and "+" means a space.
_QUERY_SAFE = _UNRESERVED + "!$'()*,;:@/?"
_HOST = re.compile(r"[^\s/\\?#@:%<>\[\]\x00-\x20]{1,253}|\[[0-9a-f:.]{2,45}\]")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")

# Second-level labels that registries sell names under, when the last label is a country's.
_REGISTRY_LABELS = frozenset("ac co com edu gob gov govt ltd me mil ne net nom or org plc sch web".split())  # noqa: SIM905


def canonical(url: str) -> str | None:
    """The one spelling of `url`, or None when it is no absolute http(s) URL.

    Lower-case scheme and host, no credentials, default port, fragment, tracking
    parameters, AMP marks or final slash; the other parameters are sorted.
    """
    url = url.strip()
    if len(url) > _MAX:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), _host(parts.netloc)
    if scheme not in _DEFAULT_PORTS or host is None:
        return None
    netloc = host if port is None or port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
    found = urlunsplit((scheme, netloc, _path(parts.path), _query(parts.query), ""))
    return found if len(found) <= _MAX else None


def _host(netloc: str) -> str | None:
    found = netloc.rpartition("@")[2].lower()
    bracket = found.find("]")
    colon = found.find(":", bracket + 1)
    found = (found if colon < 0 else found[:colon]).rstrip(".")
    return found if _HOST.fullmatch(found) else None


def _path(path: str) -> str:
    segments: list[str] = []
    for raw in path.split("/"):
        segment = _spelled(raw, _PATH_SAFE.replace("/", ""))
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    while segments and segments[-1].lower() in {"amp", "amp.html"}:
        segments.pop()
    return "/" + "/".join(segments)


def _query(query: str) -> str:
    kept = []
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        key = _spelled(name.replace("+", " "), _QUERY_SAFE)
        if not key or key.lower() in _TRACKING or key.lower().startswith(_TRACKING_PREFIXES):
            continue
        kept.append((key, equals, _spelled(value.replace("+", " "), _QUERY_SAFE)))
    return "&".join("".join(parts) for parts in sorted(kept))


def _spelled(text: str, safe: str) -> str:
    """One percent-encoding: only what must be escaped is, in upper-case hex."""
    return quote(unquote_to_bytes(text.encode("utf-8", "replace")), safe=safe)


def registrable_domain(url: str) -> str | None:
    """The part of the host that its owner registered: `news.bbc.co.uk` gives `bbc.co.uk`.

    By rule, not by the public suffix list: the last two labels, or three when the
    second last is a registry's own under a country code.
    """
    try:
        netloc = urlsplit(url if "//" in url else f"//{url}").netloc
    except ValueError:
        return None
    host = _host(netloc)
    if host is None or host.startswith("["):
        return host
    labels = host.split(".")
    if labels[-1].isdigit():
        return host
    country = len(labels) >= 3 and len(labels[-1]) == 2  # noqa: PLR2004 - two letters make a country code
    size = 3 if country and labels[-2] in _REGISTRY_LABELS else 2
    return ".".join(labels[-size:])


def page_url(fetched: str | None, claims: tuple[str, ...], *, site: str | None = None) -> str | None:
    """Canonical URL of a page: the first of its own claims that can be believed, else where it was fetched.

    A claim must stay on the registrable site of `fetched` (else of `site`, a host or
    URL) and must not send an article to its site's front page, a common mistake
    which would make one article of all.
    """
    base = canonical(fetched) if fetched else None
    home = registrable_domain(base or site or "")
    for claim in claims:
        found = canonical(_absolute(base, claim.strip()))
        if found is None or (home is not None and registrable_domain(found) != home):
            continue
        if not _is_front_page(found) or (base is not None and _is_front_page(base)):
            return found
    return base


def _absolute(base: str | None, claim: str) -> str:
    claim = _CONTROL.sub("", claim)
    try:
        return urljoin(base, claim) if base else claim
    except ValueError:
        return ""


def _is_front_page(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in {"", "/", "/index.html", "/home"} and not parts.query
