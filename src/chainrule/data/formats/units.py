"""Units that stand before or behind the numbers of a column: currencies, per cent, measures."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["CURRENCY", "UNIT", "is_currency"]

_CURRENCIES = (
    "$ € £ ¥ ₹ ₽ ₩ ₺ ₫ ₪ ฿ ₴ ₱ ¢ US$ C$ CA$ A$ AU$ NZ$ HK$ S$ R$ USD EUR GBP JPY CNY RMB INR CHF "
    "SEK NOK DKK ISK kr kr. zł PLN CZK Kč HUF Ft RON RUB BRL CAD AUD NZD HKD SGD KRW MXN ZAR TRY "
    "ILS THB IDR PHP VND UAH Fr. Rs Rs. Euro euro euros dollars 元 万元 亿元 人民币 円 원"
)
_MEASURES = (
    "% ‰ kg g mg t lb lbs oz km m cm mm mi ft in l ml °C °F ° kW kWh MW W V Hz km/h mph bpm cc hp "
    "bhp kB KB MB GB TB m² m2 ft² sqm sqft ms s sec secs seconds min mins minute minutes h hr hrs "
    "hour hours d day days week weeks month months yr yrs year years ℃ ℉ 度 岁 人 次 个 件 万 亿 "
    "千克 公斤 克 斤 吨 公里 千米 米 厘米 毫米 平方米 平米 ㎡ 升 毫升 秒 分钟 小时 天 周 个月 年 分"
)


def is_currency(unit: str) -> bool:
    """Whether a unit is one of money."""
    return unit in _CURRENCIES.split()


def _any_of(units: Iterable[str]) -> str:
    return "|".join(re.escape(unit) for unit in sorted(units, key=lambda each: (-len(each), each)))


CURRENCY = _any_of(_CURRENCIES.split())
"""A regular expression of what stands before a number: t1, t2 are names."""
UNIT = _any_of([*_CURRENCIES.split(), *_MEASURES.split()])
"""A regular expression of what stands behind a number."""
