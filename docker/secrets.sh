#!/usr/bin/env bash
# Generate the secrets of docker/compose.yml into docker/secrets/, one file each. Those that are there stay as they are.
#
#   docker/secrets.sh [folder]      # FANOUT_SECRETS in docker/.env names another folder
#
# The containers' users read the files; on the host nobody but the owner gets into the folder.
set -euo pipefail
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

# keep NAME TEXT: write it without a line end, which would become a part of the secret.
keep() { [[ -e $1 ]] || { printf '%s' "$2" >"$1" && chmod 444 "$1" && echo "new: $folder/$1"; }; }
random() { head -c "$1" /dev/urandom | base64 -w 0 | tr '+/' '-_'; }
password() { random 24; } # no character of it has a meaning in a URL

keep postgres_password "$(password)"
keep airflow_database "postgresql+psycopg2://airflow:$(<postgres_password)@postgres/airflow"
keep airflow_admin_password "$(password)"
keep airflow_fernet_key "$(random 32)"
keep airflow_jwt_secret "$(random 48)"
keep airflow_secret_key "$(random 48)"
keep spark-defaults.conf "spark.authenticate true
spark.authenticate.secret $(random 48)
spark.network.crypto.enabled true"
keep superset_database "postgresql+psycopg2://airflow:$(<postgres_password)@postgres/superset"
keep superset_secret_key "$(random 48)"
keep fanout_superset_password "$(password)"
# To be filled in, where the setting of this name is wanted; an empty one is none.
keep fanout_alert_webhook ""
keep fanout_bi_dsn ""
keep fanout_pseudonym_key ""
