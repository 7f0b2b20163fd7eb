"""Every reason for which a file can be refused: a code for programs, and a sentence that whoever shows it translates."""

from __future__ import annotations

from enum import Enum


def gettext_noop(text: str) -> str:
    return text


_ = gettext_noop


class Reason(Enum):
    """The name is the code, the value a msgid; `%(name)s` stands for a parameter of the fault."""

    # Of a cell.
    REQUIRED = _("empty, and this column is required")
    NO_CAMPAIGN = _("empty: clicks and spend without a campaign")
    TOO_LONG = _("longer than %(longest)s characters")
    CONTROL_CHARACTER = _("holds a control character")
    NOT_A_DAY = _("not a day; use YYYY-MM-DD")
    NOT_A_DAY_SO = _("not a day written like %(example)s")
    NO_SUCH_DAY = _("no such day in the calendar")
    NOT_A_MONTH = _("not a month; use YYYY-MM")
    NOT_AN_INSTANT = _("not an instant; use ISO 8601 such as 2026-11-09T14:30:00+01:00")
    TOO_EARLY = _("before 1970")
    IN_THE_FUTURE = _("more than a day in the future")
    TOO_LATE = _("after 2100")
    SEVERAL_DAYS = _("one row for several days; export the report by day")
    NEGATIVE = _("negative")
    NEGATIVE_MONEY = _("negative; a refund has kind refund and a positive amount")
    NOT_WHOLE = _("not a whole number")
    NOT_A_NUMBER = _("not a number; use digits and a decimal point, such as 1234.56")
    NOT_A_NUMBER_SO = _("not a number written like %(example)s")
    A_PERCENTAGE = _("a percentage, where a number is counted")
    TOO_LARGE = _("too large a number")
    TOO_MUCH = _("too large an amount")
    TOO_FINE = _("more than %(decimals)s decimals")
    NOT_A_CURRENCY = _("not a currency; use its ISO 4217 code, such as EUR")
    NOT_A_CHANNEL = _("not a channel; use one of %(channels)s")
    NOT_ONE_OF = _("not known here; use one of %(allowed)s")
    NOT_A_KPI = _("not the slug of a KPI, such as spend or leads")
    NOT_AN_EMAIL = _("not an e-mail address")
    NOT_A_WEB_ADDRESS = _("not a web address that begins with https://")
    # Of a row.
    CELLS = _("%(cells)s cells where the header has %(header)s")
    REFUND_WITHOUT_KIND = _("refund_of is given but kind is not refund")
    BEFORE_THE_START = _("before %(start)s of the same row")
    MORE_THAN = _("more than %(whole)s of the same row")
    BOUNCES = _("hard and soft bounces together are more than sent")
    MONTH_OR_DAY = _("give either a month or a date")
    NOBODY = _("give a lead_id or a customer_id")
    # Of a file.
    UNKNOWN_COLUMN = _("unknown column; %(kind)s takes %(columns)s")
    TWICE = _("the column stands twice")
    MISSING = _("this column is required and missing")
    NOT_IN_THE_FILE = _("the mapping names this column, and the file has no such column")
    NO_DAY = _("no column says the day; export the report by day")
    NOT_A_TARGET = _("the mapping leads to %(target)s, which %(kind)s do not have")
    TARGET_TWICE = _("the mapping leads to %(target)s twice")
    NOT_TEXT = _("not %(encoding)s text; save the file as UTF-8, or say which encoding it has")
    NOT_CSV = _("not a well-formed CSV line: %(problem)s")
    NOT_A_WORKBOOK = _("not an Excel workbook (.xlsx) that can be read")
    NO_SUCH_SHEET = _("the workbook has no sheet of that name; it has %(sheets)s")
    TOO_BIG = _("more than %(megabytes)s MB once unpacked; save the sheet as CSV")
    TOO_MANY_CELLS = _("more than %(millions)s million cells; save the sheet as CSV, or split it")
    TOO_MANY_SHEETS = _("more than %(most)s sheets; save the sheet as CSV")
    TOO_MANY_ACCOUNTS = _("more than %(most)s accounts in one file; split it")
    # Of rows together.
    SAME_KEY = _("another row with the same key stands on line %(line)s and says something else")
    OTHER_CHANNEL = _("the same campaign has channel %(channel)s on line %(line)s")
    OTHER_NAME = _("the same campaign_id is called '%(name)s' on that day on line %(line)s")
    OTHER_CURRENCY = _("the account is in %(currency)s; an account has one currency")
    WHICH_ACCOUNT = _(
        "%(source)s is read from its API here: say in the column account which account this file is of, %(accounts)s or another"
    )
    FED_BY_ITS_API = _(
        "%(source)s account %(account)s is read from its API, and a file for it would count the same days twice; "
        "say until which day files tell, or that this file replaces what the platform told of the same days"
    )
