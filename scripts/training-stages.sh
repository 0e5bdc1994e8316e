# What the scripts that train have in common; they source it. A script that was stopped, in whichever training, goes on from
# there when it is run again with the same arguments.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# This checkout's looksay.
looksay() { node "$root/dist/cli/main.js" "$@"; }

# Without the arguments $2..., at least $1, prints what the script's first lines say of them, and ends.
needs() {
  if [ $# -le "$1" ]; then
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
    exit 2
  fi
}

average() { node "$root/scripts/average-checkpoints.mjs" "$@"; }

# looksay train "$@", which has an --output: where a training of that folder has begun it goes on, or finds that it ended.
train() {
  local argument before='' output=''
  for argument in "$@"; do
    if [ "$before" = --output ]; then output=$argument; fi
    before=$argument
  done
  # The state of a training, that of word vectors, and the stages of a recipe.
  if [ -e "$output/training.json" ] || [ -e "$output/progress.json" ] || [ -e "$output/stages" ]; then
    set -- "$@" --continue
  fi
  looksay train "$@"
}
