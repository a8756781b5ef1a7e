"""What a service imports to state events: signed with its own key, durable before they are sent, followed until they are final.

    from api.client import Ledger
    from ledger.events.interception import InterceptionRecorded

    with Ledger(url, token=token, key=key, policy=policy, spool="spool.db") as ledger:
        receipt = ledger.append(
            InterceptionRecorded(place="CZ-COQ", route="freight_vehicle", method="co2_probe", persons=4),
            stream="IC-4711",
            occurred_at="2015-08-27T03:12:00Z",
            text={"note": "behind pallets of bottled water"},
        )
        receipt.wait("final")

`append` returns once the statement is signed and on disk; the rest goes on beside it, also after the process was started again.
"""

from api.client.ledger import Ledger
from api.client.receipt import Receipt
from api.client.sending import Clock

__all__ = ["Clock", "Ledger", "Receipt"]
