"""Passwords cost an attacker, and each of hundreds of sign-ins here, a hundred megabytes and a fifth of a second: in tests they do not."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher

Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1
