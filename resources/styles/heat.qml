<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<!-- Scores of a class from 0 to 1 in Viridis, which reads the same in grey and to any kind of colour blindness. -->
<qgis version="3.22" styleCategories="Symbology">
  <pipe>
    <provider>
      <resampling enabled="false" maxOversampling="2" zoomedInResamplingMethod="nearestNeighbour" zoomedOutResamplingMethod="nearestNeighbour"/>
    </provider>
    <rasterrenderer type="singlebandpseudocolor" band="1" alphaBand="-1" opacity="1" nodataColor="" classificationMin="0" classificationMax="1">
      <minMaxOrigin>
        <limits>None</limits>
        <extent>WholeRaster</extent>
        <statAccuracy>Estimated</statAccuracy>
      </minMaxOrigin>
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="1" labelPrecision="2">
          <colorramp type="gradient" name="[source]">
            <Option type="Map">
              <Option type="QString" name="color1" value="68,1,84,255"/>
              <Option type="QString" name="color2" value="253,231,37,255"/>
              <Option type="QString" name="discrete" value="0"/>
              <Option type="QString" name="rampType" value="gradient"/>
              <Option type="QString" name="stops" value="0.125;71,45,123,255:0.25;59,82,139,255:0.375;44,114,142,255:0.5;33,145,140,255:0.625;40,174,128,255:0.75;94,201,98,255:0.875;173,220,48,255"/>
            </Option>
          </colorramp>
          <item value="0" label="0" color="#440154" alpha="255"/>
          <item value="0.125" label="0.125" color="#472d7b" alpha="255"/>
          <item value="0.25" label="0.25" color="#3b528b" alpha="255"/>
          <item value="0.375" label="0.375" color="#2c728e" alpha="255"/>
          <item value="0.5" label="0.5" color="#21918c" alpha="255"/>
          <item value="0.625" label="0.625" color="#28ae80" alpha="255"/>
          <item value="0.75" label="0.75" color="#5ec962" alpha="255"/>
          <item value="0.875" label="0.875" color="#addc30" alpha="255"/>
          <item value="1" label="1" color="#fde725" alpha="255"/>
          <rampLegendSettings useContinuousLegend="1" orientation="2" direction="0" minimumLabel="0" maximumLabel="1" prefix="" suffix=""/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0" invertColors="0"/>
    <rasterresampler maxOversampling="2"/>
    <resamplingStage>resamplingFilter</resamplingStage>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
