"""1Password Connect as the vendor describes it: vaults, items, scoped tokens, activity, health."""

from bot.sandbox.onepassword.activity import Activity
from bot.sandbox.onepassword.emulator import ConnectEmulator
from bot.sandbox.onepassword.state import VaultItem

__all__ = ["Activity", "ConnectEmulator", "VaultItem"]
