// SPDX-License-Identifier: ISC
// Whether files of certificates and keys can be served with, before a daemon starts or with -n. Run by
// suite-tls as a process of its own, which ends at once: the key is in no daemon's memory.
#pragma once

#include "common/log.hh"
#include "common/tls/tls_process.hh"

#include <span>
#include <vector>

namespace common {

// What is no fault, but to be known. Throws UserError for what is one: a file that cannot be read or is none
// of these, a key of another certificate, one that is not valid today. Each says which file.
std::vector<Note> check_files(std::span<const CertificateFiles> all);

} // namespace common
