// SPDX-License-Identifier: ISC
#include "common/pack/pack.hh"

namespace pack {

using std::to_string;

void refuse_size(std::size_t needed, std::size_t given) {
    throw Error("a struct of " + to_string(needed) + " bytes cannot be unpacked from " + to_string(given));
}

void refuse_multiple(std::size_t needed, std::size_t given) {
    throw Error("structs of " + to_string(needed) + " bytes each cannot be unpacked from " +
                to_string(given));
}

void refuse_offset(std::size_t needed, std::size_t offset, std::size_t given) {
    throw Error("a struct of " + to_string(needed) + " bytes at offset " + to_string(offset) +
                " does not fit a buffer of " + to_string(given));
}

void refuse_length(std::string_view what, const std::string& given, std::size_t cap) {
    throw Error(std::string(what) + " of " + given + " bytes: at most " + to_string(cap) + " are allowed");
}

} // namespace pack
