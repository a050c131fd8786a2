package vitiligo.official;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.model.Enumerations.FHIRVersion;
import org.hl7.fhir.r5.model.Resource;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.utilities.npm.NpmPackage;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.validation.IgLoader;
import org.hl7.fhir.validation.ValidationEngine;
import org.hl7.fhir.validation.ValidatorUtils;
import org.hl7.fhir.validation.instance.InstanceValidator;
import org.hl7.fhir.validation.instance.advisor.BasePolicyAdvisorForFullValidation;

/** The engine with one release and its packages loaded, and what it says of a resource. */
final class Verdicts {
  /** A kept validator grows 0.1 MB with each validation; a new one for each costs three times the time. */
  private static final int VALIDATIONS_PER_VALIDATOR = 500;

  private final ValidationEngine engine;
  private final CrossVersion crossVersion;
  private final String version;
  private InstanceValidator validator;
  private int validations;

  Verdicts(List<String> content) throws Exception {
    String core = content.get(0);
    version = core.substring(core.indexOf('#') + 1);
    engine =
        new ValidationEngine.ValidationEngineBuilder()
            .withVersion(version)
            .withNoTerminologyServer()
            .withCanRunWithoutTerminologyServer(true)
            .fromSource(core);
    engine.setTerminologyServer(null, null, null, false);
    engine.setFetcher(new OfflineFetcher(engine.getContext()));
    engine.setPolicyAdvisor(
        new BasePolicyAdvisorForFullValidation(ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS, Set.of()));
    ImportedValueSets.writeOut(engine.getContext(), engine.getPcm().loadPackage(core));
    for (String item : content.subList(1, content.size())) {
      if (item.contains("#")) {
        loadPackage(item);
      } else {
        loadResources(Path.of(item), version);
      }
    }
    engine.prepare();
    crossVersion = new CrossVersion(engine.getContext());
  }

  /** The same with some conformance resources more, which the other does not get to know: {@code {"name", "text"}}. */
  Verdicts(Verdicts other, JsonArray supporting) throws Exception {
    version = other.version;
    engine = new ValidationEngine(other.engine);
    engine.setFetcher(new OfflineFetcher(engine.getContext()));
    engine.setPolicyAdvisor(other.engine.getPolicyAdvisor());
    IgLoader loader = new IgLoader(engine.getPcm(), engine.getContext(), version);
    for (JsonElement one : supporting) {
      JsonObject file = one.getAsJsonObject();
      byte[] text = file.get("text").getAsString().getBytes(StandardCharsets.UTF_8);
      engine.getContext().cacheResource(loader.loadResourceByVersion(version, text, file.get("name").getAsString()));
    }
    engine.prepare();
    crossVersion = new CrossVersion(engine.getContext());
  }

  JsonObject of(JsonObject request) throws Exception {
    FhirFormat format = request.has("format") ? FhirFormat.valueOf(request.get("format").getAsString()) : FhirFormat.JSON;
    if (validator == null || validations++ % VALIDATIONS_PER_VALIDATOR == 0) {
      validator = engine.getValidator(format);
    }
    List<StructureDefinition> profiles = new ArrayList<>();
    if (request.has("profiles")) {
      for (JsonElement url : request.getAsJsonArray("profiles")) {
        StructureDefinition profile = engine.getContext().fetchResource(StructureDefinition.class, url.getAsString());
        if (profile == null) {
          return failure("no profile " + url.getAsString() + " is loaded");
        }
        profiles.add(profile);
      }
    }
    String text = request.has("text") ? request.get("text").getAsString() : request.get("resource").toString();
    crossVersion.load(text);
    List<ValidationMessage> messages = new ArrayList<>();
    validator.validate(
        null, messages, new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), format, profiles);
    JsonArray issues = new JsonArray();
    for (ValidationMessage message : messages) {
      JsonObject issue = new JsonObject();
      issue.addProperty("severity", message.getLevel().toCode());
      issue.addProperty("location", message.getStrippedLocation());
      issue.addProperty("messageId", message.getMessageId());
      issue.addProperty("text", message.getMessage());
      issues.add(issue);
    }
    JsonObject verdict = new JsonObject();
    verdict.add("issues", issues);
    return verdict;
  }

  static JsonObject failure(String text) {
    JsonObject verdict = new JsonObject();
    verdict.addProperty("failure", text);
    return verdict;
  }

  /** Without its dependencies: they name other versions of what is loaded already, and network is not to be asked. */
  private void loadPackage(String idAndVersion) throws IOException {
    NpmPackage npm = engine.getPcm().loadPackage(idAndVersion);
    engine.getContext().loadFromPackage(npm, ValidatorUtils.loaderForVersion(npm.fhirVersion()));
    ImportedValueSets.writeOut(engine.getContext(), npm);
  }

  private void loadResources(Path place, String version) throws IOException {
    if (!Files.exists(place)) {
      throw new IOException("there is no " + place + " to load");
    }
    IgLoader loader = new IgLoader(engine.getPcm(), engine.getContext(), version);
    List<Path> files;
    try (Stream<Path> found = Files.walk(place)) {
      files = found.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
    for (Path file : files) {
      String name = file.getFileName().toString();
      if (name.equals("package.json") || name.startsWith(".")) {
        continue;
      }
      Resource resource = loader.loadResourceByVersion(version, Files.readAllBytes(file), name);
      if (resource instanceof StructureDefinition definition) {
        restamp(definition, version);
      }
      engine.getContext().cacheResource(resource);
    }
  }

  /**
   * The R4 package serves R4B too, as HL7's own do. Its snapshots do not: Extension.value[x] has two types more in R4B. The
   * engine makes others from the differential.
   */
  private static void restamp(StructureDefinition definition, String version) {
    if (!version.equals(definition.getFhirVersion().toCode())) {
      definition.setFhirVersion(FHIRVersion.fromCode(version));
      definition.setSnapshot(null);
    }
  }
}
