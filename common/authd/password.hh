// SPDX-License-Identifier: ISC
// Hashes of passwords, as crypt(3) makes them. One check takes tens of milliseconds and is meant to: it runs
// in ftpctl, chatctl and authd's workers, and in authd once at its start, never in a parent or a client's
// process.
#pragma once

#include "common/secret.hh"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace common {

inline constexpr std::size_t max_password = 511; // bytes; what libxcrypt's crypt(3) takes
inline constexpr std::size_t max_hash = 383;     // bytes

// A new hash by the strongest method that the system offers, with a salt of its own, tried before it is
// given out. Throws UserError for a password that is empty, too long or holds a NUL, and std::runtime_error
// if no method works.
std::string hash_password(const Secret& password);

enum class PasswordCheck {
    right,
    wrong,
    unusable, // the system does not know the hash's method
};
// Whether the hash is the password's. The time depends on the hash's method and on the password's length.
PasswordCheck check_password(const Secret& password, const std::string& hash);

// Whether what stands in a file in a hash's place can be one: at most max_hash visible characters of ASCII,
// no colon, and of the form $METHOD$...$... or locked. The forms without a dollar, of the oldest methods, are
// refused: nothing tells them from a password that somebody has put there.
bool may_be_hash(std::string_view hash);
// The mark of a user without a password, as passwd(5) has it: a hash that begins with `*' or `!'.
bool is_locked(std::string_view hash);

// What crypt(3) takes in a hash's place to make a new one: method, cost and a fresh salt; strongest first,
// and not each is known to every system. The first are of the system's own choosing where it has a say
// (crypt_gensalt(3) on Linux), then come those of portable_hash_settings.
std::vector<std::string> hash_settings();
std::vector<std::string> portable_hash_settings();

} // namespace common
