"""Files people give us: received in pieces, looked at, stored by a worker, taken back.

What waits for a person is kept in the database, compressed, for a worker may run on another machine. It goes when it is
stored or taken back, and after a week at the latest.
"""

from campaigns.undoing import NotStored
from campaigns.uploads.looking import CHECK, OPEN, NotOpen, check_slowly, faults_of, handover_of, map_as, propose_as
from campaigns.uploads.pieces import PIECE, Gone, TooLarge, materialised, spooled, storable, too_large
from campaigns.uploads.storing import (
    FORGET,
    STORE,
    ask_to_store,
    forget,
    give_back,
    is_sound,
    receive,
    store_asked,
    store_by_command,
    store_now,
    take_back,
    throw_away,
)

__all__ = [
    "CHECK", "FORGET", "OPEN", "PIECE", "STORE", "Gone", "NotOpen", "NotStored", "TooLarge", "ask_to_store", "check_slowly", "faults_of",
    "forget", "give_back", "handover_of", "is_sound", "map_as", "materialised", "propose_as", "receive", "spooled", "storable",
    "store_asked", "store_by_command", "store_now", "take_back", "throw_away", "too_large",
]  # fmt: skip
